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
    private static let free = AdapterHubTargets.fields.union([
        "init_weights", "init_weights_seed", "dtype", "leave_out",
    ])

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
            method: IA3.name,
            fields: [
                "targets": try AdapterHubTargets.ours(fields, file: file), "leave_out": fields["leave_out"] ?? .null,
            ], source: "\(file): config")
    }

    /// All fields, as the library writes them.
    /// - Throws: `BundleError` for factors that the library does not have: of inputs, or of other projections
    static func fields(_ member: Member, _ method: IA3, bundle: AdapterBundle) throws -> ConfigurationValue {
        func cannot(_ field: String, _ found: String, _ expected: String) -> BundleError {
            .content(
                file: bundle.name, field: "members/\(member.name): \(field)", found: found, expected: expected,
                fix: "use --format peft")
        }
        if let input = SiteRoles.projections.first(where: { method.scales($0.kind) == .input }) {
            throw cannot("feedforward_targets", input.name, "none: the library multiplies what projections give")
        }
        let kinds = SiteRoles.projections.map(\.kind).filter { method.scales($0) != nil }
        let leaveOut = member.configuration.fields.filter { $0.key == "leave_out" }
        return .map(
            defaults.merging(leaveOut) { $1 }.merging(try AdapterHubTargets.theirs(kinds, refused: cannot)) { $1 })
    }
}
