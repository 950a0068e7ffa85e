import Bundles
import Foundation

/// How bundles are merged, beside the method and the weights.
public struct MergeOptions: Sendable, Equatable {
    /// What becomes of heads that have one name and are not equal.
    public enum Heads: String, Sendable, CaseIterable {
        /// They are refused.
        case keep
        /// All are kept: the first under its name, the others under new names.
        case rename
        /// Their mean is kept. They must be of one kind with the same labels.
        case average
    }

    /// The share of values that stays, over 0 and at most 1; nil for 0.2 with `ties` and 0.5 with `dare_linear` and `dare_ties`.
    public var density: Double?
    /// λ, which multiplies what `ties` and `dare_ties` give; nil for 1.
    public var scale: Double?
    /// The largest rank of merged LoRA; nil for the largest of the ranks with `svd`, and their sum with other methods.
    public var rank: Int?
    /// The method that `knots` uses in the common space; nil for `ties`.
    public var combination: String?
    /// Seed of what `dare_linear` and `dare_ties` drop.
    public var seed: Int
    /// What becomes of heads that have one name and are not equal.
    public var heads: Heads

    /// Creates options.
    /// - Parameters:
    ///   - density: The share of values that stays.
    ///   - scale: λ, which multiplies the result.
    ///   - rank: The largest rank of merged LoRA.
    ///   - combination: The method that `knots` uses.
    ///   - seed: Seed of what is dropped at random.
    ///   - heads: What becomes of heads of one name.
    public init(
        density: Double? = nil, scale: Double? = nil, rank: Int? = nil, combination: String? = nil, seed: Int = 0,
        heads: Heads = .keep
    ) {
        self.density = density
        self.scale = scale
        self.rank = rank
        self.combination = combination
        self.seed = seed
        self.heads = heads
    }

    func stored(weights: [Double]?) -> Bundles.MergeOptions {
        var stored = Bundles.MergeOptions()
        (stored.weights, stored.density, stored.scale, stored.rank) = (weights, density, scale, rank)
        (stored.combination, stored.seed) = (combination, seed)
        stored.heads = Bundles.MergeOptions.Heads(rawValue: heads.rawValue) ?? .keep
        return stored
    }
}

extension AdapterBundle {
    /// A way to merge adapters.
    public struct MergeMethod: Sendable, Equatable {
        /// Its name, such as `ties`.
        public var name: String
        /// What it does, in a line.
        public var summary: String
    }

    /// The ways to merge adapters: `average`, `task_arithmetic`, `ties`, `dare_linear`, `dare_ties`, and for LoRA alone `cat`, `svd`
    /// and `knots`.
    public static var mergeMethods: [MergeMethod] {
        MergeMethods.builtIn.map { MergeMethod(name: $0.name, summary: $0.summary) }
    }

    /// Merges bundles of one adapter each into a bundle of one adapter, without training.
    ///
    /// LoRA is merged by the changes ΔW of the projections, scale included, whatever the ranks; a projection that one of the
    /// adapters does not change has ΔW = 0 there. Adapters of other methods are merged value by value and need equal
    /// configurations. The heads of all bundles are kept under their names. ``warnings`` say what a user should know, such as what a
    /// rank cuts off. The bundle's ``provenance-swift.property`` has the method, the options, and for each bundle its name, weight
    /// and content hash, under `merge`; merging the same again gives the same bytes.
    ///
    /// ```swift
    /// let both = try AdapterBundle(merging: [game, works], method: "ties", options: MergeOptions(density: 0.3))
    /// ```
    /// - Parameters:
    ///   - bundles: At least one, trained on one model, and on the same language adapter or none.
    ///   - method: The name of one of ``mergeMethods``.
    ///   - weights: One for each bundle, not 0. nil: with `average` equal ones, which sum to 1; else 1 each.
    ///   - options: Of the method.
    ///   - name: Of the bundle and its adapter; nil for the bundles' names, joined by `+`.
    ///   - allowsOtherModel: Accepts bundles that were trained on different models or tokenizers if all shapes agree.
    /// - Throws: ``AmalgamError/Kind/composition``, naming the bundle, the field and a fix, for bundles that cannot be merged;
    ///   ``AmalgamError/Kind/otherModel`` for bundles of different models; ``AmalgamError/Kind/option`` for an option's value.
    public init(
        merging bundles: [AdapterBundle], method: String, weights: [Double]? = nil,
        options: MergeOptions = MergeOptions(),
        name: String? = nil, allowsOtherModel: Bool = false
    ) throws(AmalgamError) {
        var seen: Set<String> = []
        for bundle in bundles where !seen.insert(bundle.source).inserted {
            throw AmalgamError.make(
                .composition,
                "\(bundle.label): found the same bundle twice, expected different bundles; give it once, with a larger weight",
                path: bundle.label, found: "the same bundle twice", expected: "different bundles",
                fix: "give it once, with a larger weight")
        }
        self = try translated {
            let merge = try BundleMerge(
                bundles.map { BundleMerge.Part($0.stored, file: $0.label) }, method: method,
                options: options.stored(weights: weights), force: allowsOtherModel)
            let (bundle, warnings) = try merge.run(name: name)
            return AdapterBundle(bundle, warnings: warnings.map { .of(.composition, $0) })
        }
    }
}
