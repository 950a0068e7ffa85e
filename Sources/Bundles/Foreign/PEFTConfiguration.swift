import Adapters
import Files
import Models

/// What a PEFT LoRA configuration says beside its tensors; what changes the computation and is not supported is refused
/// by name.
struct PEFTConfiguration: Sendable {
    let rank: Int
    let alpha: Double
    let dropout: Double
    let isRankStabilized: Bool
    /// DoRA
    let hasMagnitudes: Bool
    /// PiSSA: the base is another one than the one that is named, in a way that the named one tells.
    let startsFromSingularVectors: Bool
    private let alphas: [(key: ModulePattern, value: Double)]
    private let ranks: [(key: ModulePattern, value: Double)]
    private let module: PEFTModule

    /// Fields that must say this, or nothing.
    private static let refused: [(field: String, only: [ConfigurationValue])] = [
        ("use_dora", [.bool(false), .bool(true)]), ("bias", [.string("none")]), ("lora_bias", [.bool(false)]),
        ("use_qalora", [.bool(false)]), ("layer_replication", []), ("megatron_config", []),
        ("trainable_token_indices", []), ("target_parameters", [.list([])]), ("arrow_config", []),
        ("alora_invocation_tokens", []), ("ensure_weight_tying", [.bool(false)]),
        // These start from another base model than the one that is named
        (
            "init_lora_weights",
            [.bool(true), .bool(false), .string("gaussian"), .string("eva"), .string("orthogonal"), .string("pissa")]
        ),
        ("loftq_config", [.map([:])]), ("corda_config", []),
    ]
    /// Fields that make no difference to what a trained adapter computes.
    private static let ignored: Set<String> = [
        "megatron_core", "eva_config", "qalora_group_size", "runtime_config", "lora_alpha", "lora_dropout",
        "use_rslora",
        "rank_pattern", "alpha_pattern",
    ]

    init(_ module: PEFTModule) throws {
        self.module = module
        let fields = module.fields
        try module.check(refused: Self.refused, others: Self.ignored, class: "LoraConfig")
        rank = try module.rank()
        alpha = try module.number("lora_alpha", "a number over 0") { $0 > 0 && $0.isFinite }
        dropout = try module.dropout("lora_dropout")
        switch fields["use_rslora"] {
        case .bool(let flag)?: isRankStabilized = flag
        case nil, .null?: isRankStabilized = false
        case let other?: throw module.wrong("use_rslora", other.json, "true or false")
        }
        hasMagnitudes = fields["use_dora"] == .bool(true)
        startsFromSingularVectors = fields["init_lora_weights"] == .string("pissa")
        ranks = try Self.patterns("rank_pattern", module)
        alphas = try Self.patterns("alpha_pattern", module)
    }

    /// α of a module, by its name in the model.
    func alpha(of name: String) throws -> Double { try value("alpha_pattern", alphas, name) ?? alpha }

    /// The rank of a module.
    func rank(of name: String) throws -> Int { Int(try value("rank_pattern", ranks, name) ?? Double(rank)) }

    private func value(_ field: String, _ patterns: [(key: ModulePattern, value: Double)], _ name: String) throws
        -> Double?
    {
        let found = patterns.filter { $0.key.matches(name) }
        guard let first = found.first else { return nil }
        guard found.allSatisfy({ $0.value == first.value }) else {
            throw module.wrong(field, "\(found.count) keys for \(name)", "one")
        }
        return first.value
    }

    private static func patterns(_ field: String, _ module: PEFTModule) throws -> [(key: ModulePattern, value: Double)]
    {
        switch module.fields[field] {
        case nil, .null?: return []
        case .map(let map)?:
            return try map.sorted { $0.key < $1.key }.map { key, value in
                guard case .number(let number) = value, number > 0, number <= 1e9 else {
                    throw module.wrong("\(field).\(key)", value.json, "a number over 0")
                }
                guard let pattern = ModulePattern(key) else {
                    throw module.wrong(
                        field, "\"\(key.prefix(80))\"",
                        "a name of modules, or a regular expression without look-around, references and flags")
                }
                return (pattern, number)
            }
        case let other?: throw module.wrong(field, other.json, "a map from modules to numbers")
        }
    }
}
