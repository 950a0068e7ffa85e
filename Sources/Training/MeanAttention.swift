import Adapters
import Bundles
import Models
import Numerics
import Tasks

/// How much the blocks of a bundle attend to each of their parts, or scale them, by layer.
package struct MeanAttention: Sendable {
    /// One place in the model where a block weighs its parts.
    package struct Place: Sendable, Equatable {
        /// Of the block: `fuse`.
        package let block: String
        /// `afterAttention` or `afterFeedForward`; for adapters of projections also the projection.
        package let site: String
        /// From 0.
        package let layer: Int
        /// The parts of the block that act here, in its order.
        package let parts: [String]
        /// Of each of them, by name; they sum to 1.
        package let shares: [String: Double]

        init(block: String, site: String, layer: Int, parts: [String], shares: [Double]) {
            (self.block, self.site, self.layer, self.parts) = (block, site, layer, parts)
            self.shares = Dictionary(zip(parts, shares), uniquingKeysWith: +)
        }
    }

    /// The parts, in the order of the composition.
    package let parts: [String]
    /// By block, then by layer.
    package let places: [Place]

    init(_ places: [Place]) {
        var seen = Set<String>()
        parts = places.flatMap(\.parts).filter { seen.insert($0).inserted }
        self.places = places.sorted { ($0.block, $0.layer, $0.site) < ($1.block, $1.layer, $1.site) }
    }

    /// The mean over all places, by part; a part that does not act at a place counts as 0 there.
    package var means: [String: Double] {
        Dictionary(
            uniqueKeysWithValues: parts.map { part in
                (part, places.reduce(0) { $0 + ($1.shares[part] ?? 0) } / Double(max(1, places.count)))
            })
    }
}

extension Predictor {
    /// The mean attention of fusions over all tokens of examples, and the shares that learned or fixed scales give
    /// (`MeanScales`).
    /// - Throws: `BundleError.members` for a bundle without a block that weighs its parts
    package func meanAttention(_ examples: [Example]) throws -> MeanAttention {
        let network = try Network(arrangement, seed: 0, precision: precision)
        let scales = try network.scales()
        guard let (plan, observed) = try network.attention() else {
            guard !scales.isEmpty else {
                throw BundleError.members(
                    "found \(arrangement.composition?.text ?? "no adapters"), expected a bundle with a fusion, or with a block "
                        + "that scales its adapters: \(Network.scaling.joined(separator: ", "))")
            }
            return MeanAttention(scales)
        }
        let encoded = encoded(examples)
        var sums = observed.map { [Double](repeating: 0, count: $0.names.count) }
        var tokens = 0
        for indices in encoded.batches(Array(0..<encoded.count), policy: .tokens(4096)) {
            let batch = encoded.batch(indices, task: 0, heads: [])
            let run = plan.run(batch, workspace: session.workspace)
            for (n, shares) in observed.enumerated() {
                let values = run.values(shares.value)
                for row in stride(from: 0, to: values.count, by: shares.value.width) {
                    for (i, column) in shares.columns.enumerated() { sums[n][i] += Double(values[row + column]) }
                }
            }
            tokens += batch.tokens
        }
        let places = zip(observed, sums).map { shares, sums in
            let words = shares.scope.split(separator: "/").map(String.init)
            return MeanAttention.Place(
                block: words[1], site: words[2], layer: Int(words[3]) ?? 0, parts: shares.names,
                shares: sums.map { $0 / Double(max(1, tokens)) })
        }
        return MeanAttention(places + scales)
    }
}

extension Network {
    /// A plan from token ids to the shares of every fusion; nil: there is none.
    fileprivate func attention() throws -> (plan: Plan, observed: [ObservedShares])? {
        let builder = PlanBuilder(precision: precision)
        builder.observedShares = []
        let encoder = EncoderPlan(
            arrangement.model, operand: operand, plugin: try plugin(), dropout: false, in: builder)
        _ = try encoder.build(pooling: nil)
        let observed = builder.observedShares ?? []
        return observed.isEmpty ? nil : (Plan(builder, outputs: observed.map(\.value), trains: false), observed)
    }
}
