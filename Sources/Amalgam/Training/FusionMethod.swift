import Adapters
import Training

/// How a training puts adapters together for a task. Heads learn with all methods.
public struct FusionMethod: Sendable, Equatable {
    private enum Form: Sendable, Equatable {
        /// nil: as the fusion that it starts from, or the dynamic one
        case attention(FusionOptions?)
        case scaling(uniform: Bool, shared: Bool, dropout: Double)
        case average
        case concatenation
        case routing(topK: Int, temperature: Double)
    }

    private let form: Form

    /// Attention over what the adapters add (AdapterFusion, Pfeiffer et al. 2021), with ``FusionOptions/dynamic``.
    public static let attention = FusionMethod(form: .attention(nil))

    /// Attention over what the adapters add.
    /// - Parameter options: How it attends.
    public static func attention(_ options: FusionOptions) -> FusionMethod { FusionMethod(form: .attention(options)) }

    /// What the adapters add times learned scales (ScaLearn, Frohmann et al. 2023).
    /// - Parameters:
    ///   - uniform: Whether each adapter has one scale instead of a vector (ScaLearnUniform).
    ///   - shared: Whether all layers have the same scales (ScaLearn++).
    ///   - dropout: Of the scales, in 0..<1.
    public static func scaling(uniform: Bool = false, shared: Bool = false, dropout: Double = 0.3) -> FusionMethod {
        FusionMethod(form: .scaling(uniform: uniform, shared: shared, dropout: dropout))
    }

    /// The mean of what the adapters add: nothing but the head learns.
    public static let average = FusionMethod(form: .average)

    /// LoRA with a learned number for each adapter and projection (CAT; LoRA Soups, Prabhakar et al. 2024).
    public static let concatenation = FusionMethod(form: .concatenation)

    /// LoRA that each token chooses among, by what each adapter changes most (Arrow, Ostapenko et al. 2024): nothing but the
    /// head learns, and adapters stay frozen.
    /// - Parameters:
    ///   - topK: Adapters that a token chooses, 1 or more.
    ///   - temperature: Divides the scores; over 0.
    public static func routing(topK: Int = 3, temperature: Double = 1) -> FusionMethod {
        FusionMethod(form: .routing(topK: topK, temperature: temperature))
    }

    /// What a user names, with a line on each. A method that chooses among these stands here, too.
    static let named: [(name: String, method: FusionMethod, summary: String)] = [
        ("fusion", .attention, "attention over the adapters (AdapterFusion)"),
        ("scalearn", .scaling(), "a learned scale for each adapter, layer and column (ScaLearn)"),
        ("scalearn_uniform", .scaling(uniform: true), "a learned scale for each adapter and layer"),
        ("scalearn++", .scaling(shared: true), "a learned scale for each adapter and column"),
        ("scalearn_uniform++", .scaling(uniform: true, shared: true), "a learned scale for each adapter"),
        ("average", .average, "the mean of the adapters; only the head learns"),
        ("cat", .concatenation, "a learned weight for each LoRA and projection (LoRA Soups)"),
        ("arrow", .routing(), "each token chooses among LoRA; only the head learns (Arrow)"),
    ]

    /// The names that ``init(named:)`` knows, each with a line on what the method does.
    public static var methods: [(name: String, summary: String)] { named.map { ($0.name, $0.summary) } }

    /// A method by its name, with its usual options.
    /// - Parameter name: One of ``methods``.
    /// - Throws: ``AmalgamError/Kind/option`` for another name.
    public init(named name: String) throws(AmalgamError) {
        guard let known = Self.named.first(where: { $0.name == name }) else {
            let names = Self.named.map(\.name).joined(separator: ", ")
            throw AmalgamError.make(
                .option, "method: found \(name), expected \(names)", field: "method", found: name, expected: names)
        }
        self = known.method
    }

    private init(form: Form) { self.form = form }

    /// Whether it is attention, whose bundle is a fusion.
    var isAttention: Bool { if case .attention = form { true } else { false } }

    /// The peak learning rate where none is given.
    public var standardLearningRate: Double {
        switch form {
        case .attention: 2e-3
        case .scaling: 6e-3
        case .concatenation: 6e-3
        case .average, .routing: 5e-3
        }
    }

    /// - Parameter start: of attention
    /// - Throws: for options out of range, and bundles that it cannot put together
    func recipe(over bundles: [AdapterBundle], from start: AdapterBundle?) throws -> Recipe {
        switch form {
        case .attention(let options):
            try options?.check()
            for bundle in bundles { try bundle.checkFusable() }
            return try .fusion(bundles.map(\.stored), options?.stored, from: start?.stored)
        case .scaling(let uniform, let shared, let dropout):
            guard dropout >= 0, Float(dropout) < 1 else {
                throw TrainingError.setting(name: "dropout", found: "\(dropout)", expected: "a probability in 0..<1")
            }
            for bundle in bundles { try bundle.checkFusable(by: ScaLearn.self) }
            return try .block(over: bundles.map(\.stored)) { _ in
                ScaLearn(uniform: uniform, shared: shared, dropout: dropout)
            }
        case .average:
            return try .block(over: bundles.map(\.stored)) { try Average(BlockFields([:], children: $0)) }
        case .concatenation: return try .block(over: bundles.map(\.stored)) { _ in Cat() }
        case .routing(let topK, let temperature):
            return try .block(over: bundles.map(\.stored)) { parts in
                try Arrow(
                    BlockFields(["top_k": .init(topK), "temperature": .number(temperature)], children: parts))
            }
        }
    }
}

extension FusionOptions {
    func check() throws(TrainingError) {
        guard regularization >= 0, regularization.isFinite else {
            throw .setting(name: "regularization", found: "\(regularization)", expected: "0 or more")
        }
        guard temperature > 0, temperature.isFinite else {
            throw .setting(name: "temperature", found: "\(temperature)", expected: "over 0")
        }
    }
}
