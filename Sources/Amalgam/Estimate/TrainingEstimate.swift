import Adapters
import Foundation
import Models

/// Memory and time of a training that need not fit this machine, from a model's config.json.
///
/// ```swift
/// var setup = TrainingEstimate.Setup()
/// (setup.method, setup.zero, setup.ranks) = (.full, 3, 64)
/// let estimate = try TrainingEstimate(config: URL(fileURLWithPath: "llama-65b/config.json"), setup)
/// print(estimate.bytes.total, estimate.seconds)
/// ```
/// Model states are those of ZeRO's paper (Rajbhandari et al. 2020): with Adam in mixed precision, a parameter takes 2 bytes, its
/// gradient 2, and the optimizer's copy and moments 12; a frozen parameter has neither of the latter. Stage 1 divides the optimizer's
/// states among the ranks, stage 2 the gradients, too, and stage 3 all. Activations are those of one rank: every value that the
/// backward pass reads, with attention by tiles.
public struct TrainingEstimate: Sendable, Equatable {
    /// What is trained.
    public enum Method: String, Sendable, CaseIterable {
        /// All weights.
        case full
        /// LoRA on queries and values.
        case lora
        /// LoRA above weights of 4 bits: 4.127 bits for each number of a projection (Dettmers et al. 2023: blocks of 64, scales
        /// quantized in blocks of 256).
        case qlora
        /// A bottleneck in each layer.
        case adapter

        /// Of the adapter; nil: none.
        var preset: String? {
            switch self {
            case .full: nil
            case .lora, .qlora: "lora"
            case .adapter: "seq_bn"
            }
        }
    }

    /// How it is trained, and on what.
    public struct Setup: Sendable, Equatable {
        /// What is trained; default full.
        public var method = Method.full
        /// What replaces the method's own adapter, such as a LoRA of another rank; nil (default): nothing does.
        public var configuration: AdapterConfiguration?
        /// ZeRO's stage, 0 (nothing is divided) to 3; default 0.
        public var zero = 0
        /// Devices among which states are divided, 1 or more; default 1.
        public var ranks = 1
        /// Sequences of a rank's batch, 1 or more; default 1.
        public var batch = 1
        /// Tokens of a sequence, 1 or more; default 2048, but not more than the model takes.
        public var length = 2048
        /// Whether each layer keeps its input alone and is computed again for the backward pass; default false.
        public var recomputes = false
        /// Training tokens in all, 1 or more; default 10⁹.
        public var tokens = 1e9
        /// Multiplications and additions a second that a device can do; default 312 · 10¹² (an A100's in bfloat16).
        public var flops = 312e12
        /// The share of these that the training reaches, over 0, at most 1; default 0.4.
        public var utilization = 0.4

        /// Creates the defaults.
        public init() {}

        /// - Throws: ``AmalgamError/Kind/option``
        func validate() throws(AmalgamError) {
            func check(_ ok: Bool, _ field: String, _ found: Any, _ expected: String) throws(AmalgamError) {
                guard !ok else { return }
                var error = AmalgamError(
                    .option, "\(field): found \(found), expected \(expected)", field: field, found: "\(found)",
                    expected: expected)
                error.commandLineText = "--\(field): found \(found), expected \(expected)"
                throw error
            }
            try check((0...3).contains(zero), "zero", zero, "0 to 3")
            try check((1...1_000_000).contains(ranks), "ranks", ranks, "1 to 1,000,000")
            try check((1...1_000_000).contains(batch), "batch", batch, "1 to 1,000,000")
            try check((1...10_000_000).contains(length), "length", length, "1 to 10,000,000")
            try check(tokens >= 1 && tokens.isFinite, "tokens", tokens, "1 or more")
            try check(flops > 0 && flops.isFinite, "flops", flops, "over 0")
            try check(utilization > 0 && utilization <= 1, "utilization", utilization, "over 0, at most 1")
        }
    }

    /// Bytes of one rank.
    public struct Bytes: Sendable, Equatable {
        /// Of all parameters that the forward pass reads.
        public var weights = 0.0
        /// Of what learns.
        public var gradients = 0.0
        /// The optimizer's copy of what learns in 32 bits, and its two moments.
        public var optimizer = 0.0
        /// What the forward pass keeps for the backward pass.
        public var activations = 0.0
        /// All of it.
        public var total: Double { weights + gradients + optimizer + activations }
    }

    /// How it is trained, with the length that the model takes.
    public let setup: Setup
    /// The model's parameters.
    public let parameters: Int
    /// Of these, or beside them, what learns.
    public let trainable: Int
    /// Of one rank.
    public let bytes: Bytes
    /// Floating point operations of a token, forward and backward.
    public let flopsPerToken: Double
    /// Bytes that a rank sends in a step.
    public let sentPerStep: Double

    /// Seconds of the whole training on all ranks, where communication hides behind computation.
    public var seconds: Double {
        setup.tokens * flopsPerToken / (Double(setup.ranks) * setup.flops * setup.utilization)
    }

    /// Estimates a training.
    /// - Parameters:
    ///   - config: A Hugging Face config.json of a model family that the library knows. No weights are read.
    ///   - setup: How it is trained.
    /// - Throws: ``AmalgamError``.
    public init(config: URL, _ setup: Setup = Setup()) throws(AmalgamError) {
        try setup.validate()
        let (architecture, adapter) = try translated {
            guard FileManager.default.fileExists(atPath: config.path) else {
                throw AmalgamError(
                    .missingFile, "\(config.path): no such file; expected a model's config.json", file: config)
            }
            let architecture = try Architecture(ModelConfiguration(file: config))
            let configuration =
                try setup.configuration ?? setup.method.preset.map { try AdapterConfiguration(preset: $0) }
            let specs = try configuration?.stored.makeMethod().specs(architecture) ?? []
            return (architecture, setup.method == .full ? 0 : specs.reduce(0) { $0 + $1.count })
        }
        self.init(architecture, adapter: adapter, setup)
    }

    /// - Parameter adapter: numbers of the adapter that learns
    private init(_ architecture: Architecture, adapter: Int, _ given: Setup) {
        let size = ModelSize(architecture)
        var setup = given
        setup.length = min(given.length, architecture.configuration.longestSequence)
        let isFull = setup.method == .full
        let trainable = Double(isFull ? size.parameters : adapter)
        (self.setup, parameters, self.trainable) = (setup, size.parameters, isFull ? size.parameters : adapter)

        func share(_ bytes: Double, from stage: Int) -> Double {
            setup.zero >= stage ? bytes / Double(setup.ranks) : bytes
        }
        let quantized = setup.method == .qlora ? Double(size.projections) : 0
        let frozen = Self.half * (Double(size.parameters) - quantized) + Self.quantizedBits / 8 * quantized
        bytes = Bytes(
            weights: share(frozen + (isFull ? 0 : Self.half * trainable), from: 3),
            gradients: share(Self.half * trainable, from: 2),
            optimizer: share(12 * trainable, from: 1),
            activations: Self.half * Double(setup.batch * setup.length) * size.keptValues(recomputes: setup.recomputes))

        // Forward, the gradient of what each product reads, and that of its weights, where they learn
        let forward = 2 * Double(size.multiplied + (isFull ? 0 : adapter))
        let weights = isFull ? 2 * Double(size.multiplied) : 2 * Double(adapter)
        let attention = 4 * Double(size.attentionWidth * setup.length)
        flopsPerToken = (setup.recomputes ? 3 : 2) * (forward + attention) + weights + attention

        // Reducing and gathering what learns; in stage 3 all weights are gathered for each pass (section 7 of the paper)
        sentPerStep =
            setup.ranks == 1
            ? 0
            : setup.zero == 3
                ? 2 * (frozen + (isFull ? 0 : Self.half * trainable)) + Self.half * trainable
                : 2 * Self.half * trainable
    }

    private static let half = 2.0
    /// 4 bits, an 8-bit scale for 64 numbers, and a 32-bit scale for 256 of those.
    private static let quantizedBits = 4 + 8.0 / 64 + 32.0 / (64 * 256)
}

/// What counts of a model's size.
struct ModelSize {
    let parameters: Int
    /// Numbers of the layers' projections.
    let projections: Int
    /// Numbers that a token is multiplied with: projections and a decoder's output layer.
    let multiplied: Int
    /// Columns of the queries of all layers.
    let attentionWidth: Int
    private let layers: Int
    private let hidden: Int
    /// Numbers of a token that a layer keeps.
    private let perLayer: Int
    /// Of the output layer, in the numbers of 16 bits: logits and their gradients, in 32 bits.
    private let output: Int

    init(_ architecture: Architecture) {
        let c = architecture.configuration
        func count(_ tensor: TensorSpec) -> Int { tensor.shape.reduce(1, *) }
        parameters = architecture.tensors.reduce(0) { $0 + count($1) }
        let names = Set(architecture.sites.filter { $0.site.layer != nil }.compactMap(\.weight))
        let matrices = architecture.tensors.filter { names.contains($0.name) && $0.shape.count == 2 }
        projections = matrices.reduce(0) { $0 + count($1) }
        let isDecoder = c.decoder != nil
        multiplied = projections + (isDecoder ? c.hidden * c.vocabulary : 0)
        let queries = c.decoder.map { c.heads * $0.head } ?? c.hidden
        attentionWidth = c.layers * queries
        (layers, hidden) = (c.layers, c.hidden)
        // What each projection reads and gives, sums before norms, and what an activation reads
        let keys = c.decoder?.keyWidth ?? c.hidden
        let gates = isDecoder ? 1 : 0
        perLayer = 2 * c.hidden + queries + 2 * keys + queries + 4 * c.hidden + (2 + gates) * c.intermediate
        output = isDecoder ? 4 * c.vocabulary : 0
    }

    /// Numbers of 16 bits that a token keeps.
    func keptValues(recomputes: Bool) -> Double {
        Double((recomputes ? layers * hidden + perLayer : layers * perLayer) + hidden + output)
    }
}
