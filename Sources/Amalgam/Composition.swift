import Adapters
import Foundation
import Training

/// How adapters act together: a tree of blocks over bundles.
///
/// ```swift
/// let both = Composition.stack([.bundle(german), .fuse([.bundle(game), .bundle(works)])])
/// let same = try Composition("stack(lang-de.h5, fuse(game.h5, works.h5))", in: folder)
/// ```
/// A bundle that stands in several places is one adapter in several places.
public struct Composition: Sendable {
    indirect enum Node: Sendable {
        case bundle(AdapterBundle)
        case new(place: String)
        case block(any CompositionBlock, [Node])
    }

    let node: Node

    private init(_ node: Node) { self.node = node }

    /// A bundle's adapters, as they are composed in it.
    public static func bundle(_ bundle: AdapterBundle) -> Composition { Composition(.bundle(bundle)) }

    /// An adapter that a training makes (see ``TrainingRecipe/composition(_:new:startingFrom:fusionStartingFrom:adapters:)``).
    public static let new = Composition(.new(place: "new"))

    /// One part above the other, the lowest first: each reads what those below it have changed (Pfeiffer et al. 2020).
    public static func stack(_ parts: [Composition]) -> Composition { Composition(.block(Stack(), parts.map(\.node))) }

    /// Attention over what the parts add (AdapterFusion, Pfeiffer et al. 2021). Unless it comes from a bundle, it must be
    /// trained.
    public static func fuse(_ parts: [Composition], _ options: FusionOptions = .dynamic) -> Composition {
        Composition(.block(Fuse(options.stored), parts.map(\.node)))
    }

    /// What the parts add times learned scales: out = h + Σ ωₙ ⊙ uₙ (ScaLearn, Frohmann et al. 2023). Unless it comes from a bundle,
    /// it must be trained.
    /// - Parameters:
    ///   - parts: At least one, of bottleneck adapters, or of LoRA or VeRA on the projections at the ends of the blocks.
    ///   - uniform: Whether ωₙ is one number instead of a vector (ScaLearnUniform).
    ///   - shared: Whether all layers have one ω (ScaLearn++).
    ///   - dropout: Of ω in training, in 0..<1.
    /// - Throws: ``AmalgamError/Kind/composition`` for a dropout out of range.
    public static func scaLearn(
        _ parts: [Composition], uniform: Bool = false, shared: Bool = false, dropout: Double = 0.3
    ) throws(AmalgamError) -> Composition {
        try block(
            ScaLearn.kind, parts,
            ["uniform": .bool(uniform), "shared": .bool(shared), "dropout": .number(dropout)])
    }

    /// LoRA side by side, each times a learned number for each projection (CAT; LoRA Soups, Prabhakar et al. 2024). Unless it comes
    /// from a bundle, it must be trained.
    /// - Parameter parts: At least one, of LoRA adapters.
    public static func cat(_ parts: [Composition]) -> Composition { Composition(.block(Cat(), parts.map(\.node))) }

    /// LoRA that each token chooses among at each projection, by the direction that each adapter changes most (Arrow, Ostapenko
    /// et al. 2024). It needs no training.
    /// - Parameters:
    ///   - parts: At least one, of LoRA adapters.
    ///   - topK: Adapters that a token chooses, 1 or more.
    ///   - temperature: Divides the scores; over 0.
    /// - Throws: ``AmalgamError/Kind/composition`` for an option out of range.
    public static func arrow(
        _ parts: [Composition], topK: Int = 3, temperature: Double = 1
    ) throws(AmalgamError) -> Composition {
        try block(Arrow.kind, parts, ["top_k": .number(Double(topK)), "temperature": .number(temperature)])
    }

    /// The weighted mean of what the parts make of the same input; it needs no training.
    /// - Parameters:
    ///   - parts: At least one.
    ///   - weights: One for each part, with a sum of 1; nil for equal ones.
    /// - Throws: ``AmalgamError/Kind/composition`` for another number of weights or another sum.
    public static func average(_ parts: [Composition], weights: [Double]? = nil) throws(AmalgamError) -> Composition {
        try block("average", parts, weights.map { ["weights": .list($0.map { .number($0) })] } ?? [:])
    }

    /// A part with its effect multiplied: h + s (o − h), where o is what the part makes of h. With 0 it does nothing.
    ///
    /// Prompts and prefixes, which add no output, cannot be scaled.
    /// - Parameters:
    ///   - part: What is scaled.
    ///   - factor: s, finite; it may be negative or over 1.
    /// - Throws: ``AmalgamError/Kind/composition`` for a factor that is not finite.
    public static func scale(_ part: Composition, by factor: Double) throws(AmalgamError) -> Composition {
        try block(Scale.kind, [part], [Scale.option: .number(factor)])
    }

    /// Parts side by side on the same texts: each makes a stream of its own of what the model gives, and the heads of its
    /// bundles read that stream (Rücklé et al. 2021, section 4). ``HeadsPredictor`` runs all of them in one pass. It stands
    /// alone or in a stack.
    /// - Parameter parts: At least one; a part's head is that of its bundle, in a stack of its highest bundle with a head.
    public static func parallel(_ parts: [Composition]) -> Composition {
        Composition(.block(Parallel(), parts.map(\.node)))
    }

    /// A part for each task: a text goes through the part of the task that it belongs to. In a training on several tasks, each
    /// trains its own part; ``new`` may stand in each of them. It stands alone or in a stack.
    /// - Parameters:
    ///   - parts: At least one.
    ///   - tasks: The tasks of each part; nil for one each, in the order of the training's tasks, or in bundles of their heads.
    /// - Throws: ``AmalgamError/Kind/composition`` for another number of entries than parts, or a task that stands twice.
    public static func multitask(
        _ parts: [Composition], tasks: [[String]]? = nil
    ) throws(AmalgamError) -> Composition {
        try block(
            MultiTask.kind, parts,
            tasks.map { [MultiTask.option: .list($0.map { .list($0.map { .string($0) }) })] } ?? [:])
    }

    /// LoRA that several tasks share, with a learned scale for each task and each of its directions (MTL-LoRA, Yang et al. 2024): a
    /// training on several tasks with ``new`` as the part and the configuration ``AdapterConfiguration/lora``. It stands alone or in a
    /// stack.
    /// - Parameter part: One LoRA.
    public static func mtlLoRA(_ part: Composition) -> Composition {
        Composition(.block(MTLLoRA(heads: nil), [part.node]))
    }

    /// Texts by their order: the first so many pass through the first part, the next through the second, and so on. One call
    /// of a predictor gets all of them; an evaluation's split has as many.
    /// - Parameters:
    ///   - parts: At least one.
    ///   - sizes: The number of texts of each part, 1 or more.
    /// - Throws: ``AmalgamError/Kind/composition`` for another number of sizes than parts.
    public static func batchSplit(_ parts: [Composition], sizes: [Int]) throws(AmalgamError) -> Composition {
        try block(BatchSplit.kind, parts, ["batch_sizes": .list(sizes.map { .number(Double($0)) })])
    }

    /// Tokens by their positions: the first so many of each text pass through the first part, the next through the second, and
    /// so on; the last part has the rest. Positions include special tokens.
    /// - Parameters:
    ///   - parts: At least one, of adapters that act on tokens: no prefixes, prompts or changed biases.
    ///   - lengths: The number of tokens of each part, 1 or more; of the last one at least so many.
    /// - Throws: ``AmalgamError/Kind/composition`` for another number of lengths than parts.
    public static func split(_ parts: [Composition], lengths: [Int]) throws(AmalgamError) -> Composition {
        try block(TokenSplit.kind, parts, ["splits": .list(lengths.map { .number(Double($0)) })])
    }

    /// Any block by its name: ``blockNames`` lists them.
    /// - Parameters:
    ///   - name: One of ``blockNames``.
    ///   - parts: At least one.
    ///   - options: The block's own, as in an expression.
    /// - Throws: ``AmalgamError/Kind/composition``, naming the option.
    public static func block(
        _ name: String, _ parts: [Composition], _ options: [String: SettingValue] = [:]
    ) throws(AmalgamError) -> Composition {
        guard let type = CompositionBlocks.named(name) else {
            throw AmalgamError.make(
                .composition, "\(name): found no such block, expected \(blockNames.joined(separator: ", "))",
                field: name,
                found: "no such block", expected: blockNames.joined(separator: ", "))
        }
        return try translated {
            Composition(
                .block(
                    try type.init(BlockFields(options.mapValues(\.stored), children: parts.count)), parts.map(\.node)))
        }
    }

    /// Names of the blocks that there are: `arrow`, `average`, `batchsplit`, `cat`, `fuse`, `mtl_lora`, `multitask`, `parallel`, `scalearn`, `scale`,
    /// `split`, `stack`.
    public static var blockNames: [String] { CompositionBlocks.kinds }

    /// Reads an expression such as `stack(lang-de.h5, fuse(a.h5, b.h5, value=false))` or
    /// `average(a.h5, b.h5, weights=[0.7, 0.3])`; `new` is the adapter that a training makes.
    /// - Parameters:
    ///   - expression: Names with a space, a comma, a parenthesis or '=' stand in double quotes.
    ///   - bundle: Gives the bundle of a name; it is called once for each name.
    /// - Throws: ``AmalgamError/Kind/composition`` with the column in `field`, and what `bundle` throws.
    public init(_ expression: String, bundle: (String) throws -> AdapterBundle) throws(AmalgamError) {
        node = try translated {
            var known: [String: AdapterBundle] = [:]
            func node(_ expression: CompositionExpression) throws -> Node {
                switch expression {
                case .file(let name, _):
                    let found = try known[name] ?? bundle(name)
                    known[name] = found
                    return .bundle(found)
                case .new(let column): return .new(place: "column \(column)")
                case .block(let block, let parts, _): return .block(block, try parts.map(node))
                }
            }
            return try node(CompositionExpression(expression))
        }
    }

    /// Reads an expression whose names are bundles' files.
    /// - Parameters:
    ///   - expression: As in ``init(_:bundle:)``.
    ///   - folder: What relative paths start from.
    /// - Throws: ``AmalgamError/Kind/composition`` with the column in `field`, and as ``AdapterBundle/init(contentsOf:allowsChanges:)``.
    public init(_ expression: String, in folder: URL) throws(AmalgamError) {
        try self.init(expression) { name in
            // A folder's URL may lack its last slash, so that a relative URL would start from the folder above
            try AdapterBundle(
                contentsOf: name.hasPrefix("/") ? URL(fileURLWithPath: name) : folder.appendingPathComponent(name))
        }
    }

    /// The names of bundles in an expression, in order and each once. Nothing is read.
    /// - Parameter expression: As in ``init(_:bundle:)``.
    /// - Throws: ``AmalgamError/Kind/composition`` with the column in `field`.
    public static func bundleNames(in expression: String) throws(AmalgamError) -> [String] {
        try translated { try CompositionExpression(expression).files }
    }

    /// The bundles in order, each once.
    public var bundles: [AdapterBundle] {
        var seen: Set<ObjectIdentifier> = []
        func all(_ node: Node) -> [AdapterBundle] {
            switch node {
            case .bundle(let bundle): [bundle]
            case .new: []
            case .block(_, let parts): parts.flatMap(all)
            }
        }
        return all(node).filter { seen.insert($0.identity).inserted }
    }

    /// The learning rate of its blocks that no bundle has brought: that of attention where there is one.
    var blockRate: Double {
        func all(_ node: Node) -> [any CompositionBlock] {
            guard case .block(let block, let parts) = node else { return [] }
            return [block] + parts.flatMap(all)
        }
        let blocks = all(node)
        if blocks.contains(where: { $0 is Fuse }) { return FusionMethod.attention.standardLearningRate }
        if blocks.contains(where: { $0 is ScaLearn }) { return FusionMethod.scaling().standardLearningRate }
        if blocks.contains(where: { $0 is Cat }) { return FusionMethod.concatenation.standardLearningRate }
        return FusionMethod.attention.standardLearningRate
    }

    /// The places of `new`.
    var places: [String] { places(.all) }

    /// Of places of `new` that belong to the same heads, the second one; nil: each stands for an adapter of its own.
    var repeatedPlace: String? {
        guard places.count > 1 else { return nil }
        let common = places(.outsideRouters)
        if common.count > 1 { return common[1] }
        return routedParts(node).lazy.compactMap { Composition($0).repeatedPlace }.first
    }

    private enum Reach { case all, outsideRouters }

    private func places(_ reach: Reach) -> [String] {
        func all(_ node: Node) -> [String] {
            switch node {
            case .bundle: []
            case .new(let place): [place]
            case .block(let block, let parts):
                reach == .outsideRouters && block is any HeadRouter ? [] : parts.flatMap(all)
            }
        }
        return all(node)
    }

    /// The parts of all routers.
    private func routedParts(_ node: Node) -> [Node] {
        guard case .block(let block, let parts) = node else { return [] }
        return block is any HeadRouter ? parts : parts.flatMap(routedParts)
    }

    /// Refuses a fusion or ScaLearn over adapters that add nothing it could weigh.
    func checkFusions() throws(AmalgamError) {
        func check(_ node: Node, within above: (any EndBlock.Type)?) throws(AmalgamError) {
            switch node {
            case .bundle(let bundle): if let above { try bundle.checkFusable(by: above) }
            case .new: break
            case .block(let block, let parts):
                let own = (block as? any EndBlock).map { type(of: $0) as any EndBlock.Type } ?? above
                for part in parts { try check(part, within: own) }
            }
        }
        try check(node, within: nil)
    }

    /// The tree over what `composed` takes of the bundles.
    func tree(into composed: inout Composed) throws -> Adapters.Composition {
        var taken: [ObjectIdentifier: Adapters.Composition] = [:]
        func tree(_ node: Node) throws -> Adapters.Composition {
            switch node {
            case .bundle(let bundle):
                if let known = taken[bundle.identity] { return known }
                let part = try composed.take(bundle.stored, file: bundle.label)
                taken[bundle.identity] = part
                return part
            case .new: return Recipe.newAdapter
            case .block(let block, let parts): return .above("", block, try parts.map(tree))
            }
        }
        return try tree(node)
    }
}

/// How a fusion attends (Pfeiffer et al. 2021, section 3.2).
public struct FusionOptions: Sendable, Equatable {
    /// Whether values go through a learned matrix.
    public var usesValue: Bool
    /// λ of the penalty λ ‖I − V‖² that keeps the value matrix near the identity; 0 for none.
    public var regularization: Float
    /// Divides the attention's logits; over 0.
    public var temperature: Float
    /// The share of attention that each adapter starts near, over 0; nil for equal shares. Its logarithm is added to the logits.
    public var prior: [Double]?

    /// Creates options.
    /// - Parameters:
    ///   - usesValue: Whether values go through a learned matrix.
    ///   - regularization: λ of the penalty on the value matrix, 0 or more.
    ///   - temperature: Divides the attention's logits; over 0.
    ///   - prior: The share of attention that each adapter starts near; nil for equal shares.
    public init(usesValue: Bool, regularization: Float = 0.01, temperature: Float = 1, prior: [Double]? = nil) {
        self.prior = prior
        self.usesValue = usesValue
        self.regularization = regularization
        self.temperature = temperature
    }

    /// With a value matrix, λ = 0.01: as in the paper.
    public static let dynamic = FusionOptions(usesValue: true)
    /// Without a value matrix.
    public static let `static` = FusionOptions(usesValue: false, regularization: 0)

    var stored: FusionConfiguration {
        FusionConfiguration(
            value: usesValue, regularization: regularization, temperature: temperature, prior: prior)
    }
}
