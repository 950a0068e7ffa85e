import Adapters
import Files
import Models

/// AdapterHub's configurations to ours and back.
///
/// A field that changes what is computed and that we do not build is refused by name. Fields that shape a part that is not
/// there (`phm_…`), and those that only matter before the first step (`init_weights_seed`), are dropped.
enum AdapterHubConfiguration {
    /// Every field of BnConfig (adapters 1.3.0) with its value where a file says nothing; other than `BottleneckAdapter`'s
    /// own defaults, which are seq_bn.
    private static let defaults: [String: ConfigurationValue] = [
        "adapter_residual_before_ln": .bool(false), "cross_adapter": .bool(false), "dropout": .number(0),
        "factorized_phm_W": .bool(true), "factorized_phm_rule": .bool(false),
        "hypercomplex_nonlinearity": .string("glorot-uniform"), "init_weights": .string("bert"),
        "init_weights_seed": .null, "inv_adapter": .null, "inv_adapter_reduction_factor": .null,
        "is_parallel": .bool(false), "learn_phm": .bool(true), "leave_out": .list([]), "ln_after": .bool(false),
        "ln_before": .bool(false), "mh_adapter": .bool(false), "non_linearity": .string("relu"),
        "original_ln_after": .bool(true), "original_ln_before": .bool(false), "output_adapter": .bool(true),
        "phm_bias": .bool(true), "phm_c_init": .string("normal"), "phm_dim": .number(4),
        "phm_init_range": .number(0.0001), "phm_layer": .bool(false), "phm_rank": .number(1),
        "reduction_factor": .number(16), "residual_before_ln": .bool(true), "scaling": .number(1),
        "shared_W_phm": .bool(false), "shared_phm_rule": .bool(true), "stochastic_depth": .number(0),
        "use_gating": .bool(false),
    ]
    /// Fields without a default there.
    private static let required = ["mh_adapter", "output_adapter", "reduction_factor", "non_linearity"]
    /// Their names for whole configurations, today's and former ones, and ours.
    private static let named = [
        "seq_bn": "seq_bn", "pfeiffer": "seq_bn", "double_seq_bn": "double_seq_bn", "houlsby": "double_seq_bn",
        "par_bn": "par_bn", "parallel": "par_bn", "seq_bn_inv": "seq_bn_inv", "pfeiffer+inv": "seq_bn_inv",
        "double_seq_bn_inv": "double_seq_bn_inv", "houlsby+inv": "double_seq_bn_inv", "compacter": "compacter",
        "compacter++": "compacter++",
    ]
    /// Numbers that the library wants written with a fraction: it tells a constant scale from a learned one by type.
    static let floats: Set<String> = ["dropout", "phm_init_range", "scaling", "stochastic_depth"]

    /// - Parameter former: the file is from before the library wrote its version, when "gelu" meant the tanh form.
    /// - Throws: `BundleError`, `AdapterError` naming the field
    static func adapter(_ value: ConfigurationValue?, former: Bool, file: String) throws -> AdapterConfiguration {
        if AdapterHubUnion.stands(value) {
            return try AdapterHubUnion.adapter(value, former: former, file: file)
        }
        if AdapterHubPrefix.stands(value) { return try AdapterHubPrefix.adapter(value, file: file) }
        if AdapterHubPrompt.stands(value) { return try AdapterHubPrompt.adapter(value, file: file) }
        if AdapterHubIA3.stands(value) { return try AdapterHubIA3.adapter(value, file: file) }
        if AdapterHubLoRA.stands(value) { return try AdapterHubLoRA.adapter(value, file: file) }
        if AdapterHubReFT.stands(value) { return try AdapterHubReFT.adapter(value, file: file) }
        if case .string(let name)? = value {
            guard let preset = named[name] else {
                throw refused(file, "config", "\"\(name)\"", named.keys.sorted().joined(separator: ", "))
            }
            return try .resolve(preset)
        }
        guard case .map(let stored)? = value else {
            throw refused(file, "config", value?.json ?? "nothing", "the fields of a bottleneck adapter")
        }
        let theirs = try AdapterHubFormerNames.fields(stored, file: file)
        if let architecture = theirs["architecture"], architecture != .null {
            throw refused(
                file, "config.architecture", architecture.json,
                "null (a bottleneck adapter), lora, prefix_tuning, prompt_tuning, reft or union")
        }
        for field in theirs.keys.sorted() where defaults[field] == nil && field != "architecture" {
            throw refused(
                file, "config.\(field)", theirs[field]?.json ?? "", "only the fields of BnConfig in adapters 1.3.0")
        }
        for field in required where theirs[field] == nil {
            throw refused(file, "config.\(field)", "nothing", "a value")
        }
        var fields = defaults.merging(theirs) { $1 }
        if case .map(var factors)? = fields["reduction_factor"], factors["default"] == nil {
            // The library needs none where each layer is named; a layer that is not has no such tensors
            factors["default"] = defaults["reduction_factor"]
            fields["reduction_factor"] = .map(factors)
        }
        guard fields["stochastic_depth"] == .number(0) || fields["stochastic_depth"] == .null else {
            throw refused(file, "config.stochastic_depth", fields["stochastic_depth"]?.json ?? "", "0")
        }
        fields["non_linearity"] = try activation(fields["non_linearity"], former: former, file: file)
        // Where the library does not look at a field, its value does not matter; ours has only the one it looks like.
        let isParallel = fields["is_parallel"] == .bool(true)
        if isParallel { fields["original_ln_before"] = .bool(false) }
        if isParallel || fields["original_ln_before"] == .bool(false) && fields["residual_before_ln"] == .bool(false) {
            fields["residual_before_ln"] = .bool(true)
        }
        if isParallel || fields["ln_after"] == .bool(false), case .bool? = fields["adapter_residual_before_ln"] {
            fields["adapter_residual_before_ln"] = .bool(false)
        }
        if fields["inv_adapter"] == .null { fields["inv_adapter_reduction_factor"] = .null }
        // Only how training would have started
        if fields["init_weights"] == .string("houlsby") { fields["init_weights"] = .string("bert") }
        if fields["phm_layer"] == .bool(true) {
            fields["init_weights"] = .string("bert")
            if fields["hypercomplex_nonlinearity"] == .string("phm") {
                fields["hypercomplex_nonlinearity"] = defaults["hypercomplex_nonlinearity"]
            }
        } else {
            fields.merge(PHM.defaults) { $1 }
        }
        fields = fields.filter { BottleneckAdapter.defaults[$0.key] != nil }
        return try AdapterConfiguration(method: BottleneckAdapter.name, fields: fields, source: "\(file): config")
    }

    private static func activation(
        _ value: ConfigurationValue?, former: Bool, file: String
    ) throws(BundleError) -> ConfigurationValue? {
        guard case .string(let raw)? = value else { return value }
        switch raw.lowercased() {
        // Before it wrote its version, the library called the tanh form so
        case "gelu" where former, "gelu_fast", "gelu_pytorch_tanh": return .string("gelu_new")
        case "gelu_orig" where former: return .string("gelu")
        case "silu": return .string("swish")
        case let word: return .string(word)
        }
    }

    /// A configuration's fields over those that its class has, with their values where a file says nothing.
    /// - Parameter name: of the class
    /// - Throws: `BundleError` for a field that the class does not have
    static func fields(
        _ value: ConfigurationValue?, over defaults: [String: ConfigurationValue], of name: String, file: String
    ) throws(BundleError) -> [String: ConfigurationValue] {
        guard case .map(let stored)? = value else { return defaults }
        for field in stored.keys.sorted() where defaults[field] == nil {
            throw refused(
                file, "config.\(field)", stored[field]?.json ?? "", "only the fields of \(name) in adapters 1.3.0")
        }
        return defaults.merging(stored) { $1 }
    }

    /// All fields, as the library writes them.
    /// - Throws: `BundleError` for what the library has no configuration for
    static func adapter(_ member: Member, bundle: AdapterBundle) throws -> ConfigurationValue {
        if let union = try member.configuration.makeMethod() as? Union {
            return try AdapterHubUnion.fields(member, union, bundle: bundle)
        }
        if let updates = try LoRAUpdates(member, Architecture(bundle.base.shape)) {
            return try AdapterHubLoRA.fields(updates, member: member, bundle: bundle)
        }
        if let method = try member.configuration.makeMethod() as? IA3 {
            return try AdapterHubIA3.fields(member, method, bundle: bundle)
        }
        switch member.configuration.method {
        case PrefixTuning.name: return try AdapterHubPrefix.fields(member, bundle: bundle)
        case PromptTuning.name: return try AdapterHubPrompt.fields(member, bundle: bundle)
        case ReFT.name: return try AdapterHubReFT.fields(member, bundle: bundle)
        default: break
        }
        guard member.configuration.method == BottleneckAdapter.name else {
            throw BundleError.content(
                file: bundle.name, field: "members/\(member.name)", found: "method \(member.configuration.method)",
                expected: [
                    BottleneckAdapter.name, IA3.name, LoRA.name, PrefixTuning.name, PromptTuning.name, ReFT.name,
                ].joined(separator: ", ") + " or a union of these",
                fix: PEFTMethods.builtIn.contains { $0.method == member.configuration.method }
                    ? "use --format peft" : "adapters of other methods cannot be exported")
        }
        if let method = try member.configuration.makeMethod() as? BottleneckAdapter,
            let site = try method.widened(Architecture(bundle.base.shape))
        {
            throw BundleError.content(
                file: bundle.name, field: "members/\(member.name): reduction_factor",
                found: member.configuration.fields["reduction_factor"]?.json ?? "nothing",
                expected: "a width at \(site.name) that phm_dim divides, which the library requires",
                fix: "train it with such a reduction_factor")
        }
        return bottleneck(member.configuration)
    }

    static func bottleneck(_ configuration: AdapterConfiguration) -> ConfigurationValue {
        .map(defaults.merging(configuration.fields) { $1 })
    }

    /// The library's λ of the value regulariser, which is nowhere in its files.
    static let regularization: Float = 0.01

    /// - Throws: `BundleError` naming the field
    static func fusion(_ value: ConfigurationValue?, file: String) throws(BundleError) -> FusionConfiguration {
        var fields: [String: ConfigurationValue]
        switch value {
        case .string("dynamic"): return .dynamic
        case .string("static"): return .static
        case .map(let map): fields = map
        default:
            throw refused(file, "config", value?.json ?? "nothing", "the fields of a fusion, or dynamic, or static")
        }
        func take(_ field: String, default fallback: Bool? = nil) throws(BundleError) -> Bool {
            switch (fields.removeValue(forKey: field), fallback) {
            case (.bool(let found)?, _): return found
            case (nil, let fallback?): return fallback
            case (let found, _): throw refused(file, "config.\(field)", found?.json ?? "nothing", "true or false")
            }
        }
        let hasValue = try take("value")
        for (field, only) in [
            ("query", true), ("key", true), ("query_before_ln", false), ("residual_before", false),
            ("temperature", false),
        ] {
            let found = try take(field, default: only)
            guard found == only else { throw refused(file, "config.\(field)", "\(found)", "\(only)") }
        }
        let regularized = try take("regularization", default: hasValue)
        // The library takes 0 for null: the rate of the model's attention
        if let dropout = fields.removeValue(forKey: "dropout_prob"), dropout != .null, dropout != .number(0) {
            throw refused(file, "config.dropout_prob", dropout.json, "null")
        }
        // These make no difference: V is linear, so it may stand on either side of the sum; and it starts so or so
        for field in ["value_before_softmax", "value_initialized", "architecture"] { fields.removeValue(forKey: field) }
        if let field = fields.keys.sorted().first {
            throw refused(file, "config.\(field)", fields[field]?.json ?? "", "only the fields of AdapterFusionConfig")
        }
        return FusionConfiguration(
            value: hasValue, regularization: hasValue && regularized ? regularization : 0, temperature: 1)
    }

    /// Where the members of a fusion must agree for the library to make it at all.
    private static let sites = ["mh_adapter", "output_adapter"]

    /// What the library computes otherwise with these members: it gives all of them what the last one reads, and adds a
    /// parallel adapter's input twice.
    /// - Throws: `BundleError.members` for a fusion that the library refuses
    static func fusionDifference(_ members: [Member], file: String) throws(BundleError) -> String? {
        guard let last = members.last else { return nil }
        for member in members {
            for field in sites where member.configuration.fields[field] != last.configuration.fields[field] {
                throw .members(
                    "\(file): \(field) of the adapters \(member.name) and \(last.name) differs, but the library fuses only "
                        + "adapters at the same sites; use adapters of one configuration")
            }
            for field in ["original_ln_before", "is_parallel"]
            where member.configuration.fields[field] != last.configuration.fields[field] {
                return
                    "\(field) of \(member.name) and \(last.name) differs, and the library applies the last adapter's setting to all"
            }
        }
        let after = ["use_gating", "ln_after", "dropout"]
        for member in members {
            let fields = member.configuration.fields
            guard let field = after.first(where: { ![nil, .bool(false), .number(0)].contains(fields[$0]) }) else {
                continue
            }
            return
                "\(member.name) has \(field), and the library fuses what adapters add before their dropout, gate and norm"
        }
        return last.configuration.fields["is_parallel"] == .bool(true)
            ? "the library adds the input twice in a fusion of parallel adapters" : nil
    }

    static func fusion(_ c: FusionConfiguration) -> ConfigurationValue {
        .map([
            "dropout_prob": .null, "key": .bool(true), "query": .bool(true), "query_before_ln": .bool(false),
            "regularization": .bool(c.regularization > 0), "residual_before": .bool(false), "temperature": .bool(false),
            "value": .bool(c.value), "value_before_softmax": .bool(true), "value_initialized": .bool(c.value),
        ])
    }

    static func refused(_ file: String, _ field: String, _ found: String, _ expected: String) -> BundleError {
        .content(
            file: file, field: field, found: found, expected: expected,
            fix: "other values are not supported; train it again here, or use the library that made it")
    }
}
