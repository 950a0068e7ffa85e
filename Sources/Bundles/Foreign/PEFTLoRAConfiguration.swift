import Adapters
import Files
import Models

/// What a PEFT LoRA configuration says beside its tensors; what changes the computation and is not supported is refused
/// by name.
struct PEFTConfiguration {
    let rank: Int
    let alpha: Double
    let dropout: Double
    let isRankStabilized: Bool
    let isClassifier: Bool
    /// DoRA
    let hasMagnitudes: Bool
    /// PiSSA: the base is another one than the one that is named, in a way that the named one tells.
    let startsFromSingularVectors: Bool
    /// nil: a regular expression, or a word for all; the tensors tell what it means.
    let targets: [String]?
    /// The field that picks some of the layers; nil: every layer of the base model is adapted.
    let layerChoice: String?
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
        "peft_type", "peft_version", "task_type", "auto_mapping", "base_model_name_or_path", "revision",
        "inference_mode", "fan_in_fan_out", "exclude_modules", "layers_pattern", "layers_to_transform", "megatron_core",
        "eva_config", "qalora_group_size", "runtime_config", "modules_to_save", "r", "lora_alpha", "lora_dropout",
        "use_rslora", "rank_pattern", "alpha_pattern", "target_modules",
    ]

    init(_ module: PEFTModule) throws {
        self.module = module
        let fields = module.fields
        for (field, only) in Self.refused {
            guard let value = fields[field], value != .null, !only.contains(value) else { continue }
            throw module.wrong(field, value.json, only.first?.json ?? "null")
        }
        let known = Self.ignored.union(Self.refused.map(\.field))
        for (field, value) in fields.sorted(by: { $0.key < $1.key })
        where !known.contains(field) && ![.null, .bool(false), .list([]), .map([:])].contains(value) {
            throw module.wrong(field, value.json, "only fields of LoraConfig in peft 0.18")
        }
        func number(_ field: String, _ expected: String, _ isRight: (Double) -> Bool) throws -> Double {
            guard case .number(let number)? = fields[field], isRight(number) else {
                throw module.wrong(field, fields[field]?.json ?? "nothing", expected)
            }
            return number
        }
        rank = Int(try number("r", "an integer in 1...65536") { $0 == $0.rounded() && (1...65_536).contains($0) })
        alpha = try number("lora_alpha", "a number over 0") { $0 > 0 && $0.isFinite }
        dropout = fields["lora_dropout"] == nil ? 0 : try number("lora_dropout", "in 0..<1") { $0 >= 0 && $0 < 1 }
        switch fields["use_rslora"] {
        case .bool(let flag)?: isRankStabilized = flag
        case nil, .null?: isRankStabilized = false
        case let other?: throw module.wrong("use_rslora", other.json, "true or false")
        }
        hasMagnitudes = fields["use_dora"] == .bool(true)
        startsFromSingularVectors = fields["init_lora_weights"] == .string("pissa")
        switch fields["task_type"] {
        case .string("SEQ_CLS")?: isClassifier = true
        default: isClassifier = false
        }
        switch fields["target_modules"] {
        case .list(let list)?:
            targets = try list.map {
                guard case .string(let name) = $0 else {
                    throw module.wrong("target_modules", $0.json, "names of modules")
                }
                return name
            }
        case .string?: targets = nil
        case let other: throw module.wrong("target_modules", other?.json ?? "nothing", "names of modules")
        }
        layerChoice = Self.layerChoice(fields)
        ranks = try Self.patterns("rank_pattern", module)
        alphas = try Self.patterns("alpha_pattern", module)
    }

    /// Names of modules are the same in every layer unless they have a number that is not the end of a word, such as `lin1`.
    private static func layerChoice(_ fields: [String: ConfigurationValue]) -> String? {
        if let value = fields["layers_to_transform"], ![.null, .list([])].contains(value) {
            return "layers_to_transform"
        }
        return ["target_modules", "exclude_modules"].first { field in
            let text = fields[field]?.json ?? ""
            return zip(text, text.dropFirst()).contains { !$0.isLetter && $1.isNumber }
        }
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
