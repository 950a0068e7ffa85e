import Adapters
import Files
import Models

/// AdapterHub's LoRAConfig (adapters 1.3.0) to ours and back.
enum AdapterHubLoRA {
    /// Every field with its value where a file says nothing.
    private static let defaults: [String: ConfigurationValue] = [
        "alpha": .number(8), "architecture": .string("lora"), "attn_matrices": .list([.string("q"), .string("v")]),
        "composition_mode": .string("add"), "dropout": .number(0), "dtype": .null, "init_weights": .string("lora"),
        "init_weights_seed": .null, "intermediate_lora": .bool(false), "leave_out": .list([]),
        "output_lora": .bool(false), "r": .number(8), "selfattn_lora": .bool(true), "use_dora": .bool(false),
        "use_gating": .bool(false), "vera_b": .null, "vera_d": .null,
    ]

    /// Whether a configuration is LoRA's: by its architecture, or its name.
    static func stands(_ value: ConfigurationValue?) -> Bool {
        if value == .string("lora") { return true }
        guard case .map(let fields)? = value else { return false }
        return fields["architecture"] == .string("lora")
    }

    /// - Throws: `BundleError`, `AdapterError` naming the field
    static func adapter(_ value: ConfigurationValue?, file: String) throws -> AdapterConfiguration {
        let fields = try AdapterHubConfiguration.fields(value, over: defaults, of: "LoRAConfig", file: file)
        // What was trained does not depend on how it started, so init_weights may be anything
        for field in ["composition_mode", "use_dora", "vera_d", "vera_b"]
        where fields[field] != defaults[field] {
            throw AdapterHubConfiguration.refused(
                file, "config.\(field)", fields[field]?.json ?? "", defaults[field]?.json ?? "")
        }
        return try AdapterConfiguration(
            method: LoRA.name,
            fields: [
                "rank": fields["r"] ?? .null, "alpha": fields["alpha"] ?? .null,
                "dropout": fields["dropout"] ?? .null, "leave_out": fields["leave_out"] ?? .null,
                "targets": try AdapterHubTargets.ours(fields, file: file), "use_gating": fields["use_gating"] ?? .null,
            ], source: "\(file): config")
    }

    /// All fields, as the library writes them.
    /// - Throws: `BundleError` for what the library's LoRA cannot be: other projections, several ranks or scales
    static func fields(_ updates: LoRAUpdates, member: Member, bundle: AdapterBundle) throws -> ConfigurationValue {
        func cannot(_ field: String, _ found: String, _ expected: String) -> BundleError {
            .content(
                file: bundle.name, field: "members/\(member.name): \(field)", found: found, expected: expected,
                fix: "use --format peft")
        }
        guard !updates.hasMagnitudes else {
            throw cannot("use_dora", "true", "false: only peft's form of DoRA is written")
        }
        let kinds = LoRA.roles.map(\.kind).filter { kind in updates.list.contains { $0.site.site.kind == kind } }
        let targets = try AdapterHubTargets.theirs(kinds, refused: cannot)
        let layers = Set(updates.list.compactMap(\.site.site.layer))
        guard let first = updates.list.first, updates.list.count == kinds.count * layers.count,
            updates.list.allSatisfy({ $0.rank == first.rank && $0.scale == first.scale })
        else { throw cannot("rank_pattern", "several ranks or scales", "one: the library has no patterns") }
        let alpha = Double(first.scale) * Double(first.rank)
        return .map(
            defaults.merging(
                [
                    "r": .number(Double(first.rank)),
                    // With rank stabilization, the scale is another alpha's
                    "alpha": .number(updates.fields["rslora"] == .bool(true) ? alpha : first.alpha),
                    "dropout": .number(Double(updates.dropout)), "use_gating": .bool(updates.hasGate),
                    "leave_out": .list(
                        (0..<bundle.base.shape.layers).filter { !layers.contains($0) }.map { .init($0) }),
                ]
                .merging(targets) { $1 }
            ) { $1 })
    }
}
