import Adapters
import Files
import Models

/// AdapterHub's IA3Config (adapters 1.3.0) to ours and back: the library's LoRA with composition_mode scale, whose lora_B,
/// [out, 1], are the factors.
enum AdapterHubIA3 {
    /// Every field with the value that it has in (IA)³.
    private static let defaults: [String: ConfigurationValue] = [
        "alpha": .number(1), "architecture": .string("lora"), "attn_matrices": .list([.string("k"), .string("v")]),
        "composition_mode": .string("scale"), "dropout": .number(0), "dtype": .null, "init_weights": .string("ia3"),
        "init_weights_seed": .null, "intermediate_lora": .bool(true), "leave_out": .list([]),
        "output_lora": .bool(false), "r": .number(1), "selfattn_lora": .bool(true), "use_dora": .bool(false),
        "use_gating": .bool(false), "vera_b": .null, "vera_d": .null,
    ]
    /// Those that may have other values: what was trained does not depend on how it started.
    private static let free: Set<String> = ["init_weights", "init_weights_seed", "dtype", "leave_out"]

    static func stands(_ value: ConfigurationValue?) -> Bool {
        switch value {
        case .string(let name)?: name == "ia3"
        case .map(let fields)?:
            fields["architecture"] == .string("lora") && fields["composition_mode"] == .string("scale")
        default: false
        }
    }

    /// - Throws: `BundleError`, `AdapterError` naming the field
    static func adapter(_ value: ConfigurationValue?, file: String) throws -> AdapterConfiguration {
        var fields = defaults
        if case .map(let stored)? = value { fields.merge(stored) { $1 } }
        for (field, value) in fields.sorted(by: { $0.key < $1.key }) where !free.contains(field) {
            guard let expected = defaults[field] else {
                throw AdapterHubConfiguration.refused(
                    file, "config.\(field)", value.json, "only the fields of IA3Config in adapters 1.3.0")
            }
            guard value == expected else {
                throw AdapterHubConfiguration.refused(file, "config.\(field)", value.json, expected.json)
            }
        }
        return try AdapterConfiguration(
            method: IA3.name, fields: ["leave_out": fields["leave_out"] ?? .null], source: "\(file): config")
    }

    /// All fields, as the library writes them.
    static func fields(_ member: Member) -> ConfigurationValue {
        .map(defaults.merging(member.configuration.fields.filter { $0.key == "leave_out" }) { $1 })
    }
}
