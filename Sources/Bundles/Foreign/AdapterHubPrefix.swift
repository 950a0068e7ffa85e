import Adapters
import Files
import Models

/// AdapterHub's PrefixTuningConfig and prefix modules (adapters 1.3.0) to ours and back.
///
/// All layers share one module, `bert.prefix_tuning.prefix_tunings.NAME.self_prefix`, which the library's files hold once
/// more for each layer under `bert.encoder.layer.N.attention.self.prefix_tuning.pool`. Its parts are `wte.weight` and
/// `control_trans.{0,2}.{weight,bias}`, or in the flat form one vector `control_trans`, [length · layers · 2 · hidden]:
/// entry 2i of a position is layer i's keys, 2i + 1 its values.
enum AdapterHubPrefix {
    /// Every field with its value where a file says nothing.
    private static let defaults: [String: ConfigurationValue] = [
        "architecture": .string("prefix_tuning"), "bottleneck_size": .number(512), "cross_prefix": .bool(true),
        "dropout": .number(0), "encoder_prefix": .bool(true), "flat": .bool(false), "init_weights_seed": .null,
        "leave_out": .list([]), "non_linearity": .string("tanh"), "prefix_length": .number(30),
        "shared_gating": .bool(true), "use_gating": .bool(false),
    ]
    private static let named = ["prefix_tuning", "prefix_tuning_flat"]
    private static let network: [(ours: String, theirs: String)] = [
        ("prefix/embedding", "wte.weight"), ("prefix/down.weight", "control_trans.0.weight"),
        ("prefix/down.bias", "control_trans.0.bias"), ("prefix/up.weight", "control_trans.2.weight"),
        ("prefix/up.bias", "control_trans.2.bias"),
    ]
    private static let flat = "control_trans"

    /// Whether a configuration is prefix tuning's: by its architecture, or its name.
    static func stands(_ value: ConfigurationValue?) -> Bool {
        switch value {
        case .string(let name)?: named.contains(name)
        case .map(let fields)?: fields["architecture"] == .string("prefix_tuning")
        default: false
        }
    }

    /// - Throws: `BundleError`, `AdapterError` naming the field
    static func adapter(_ value: ConfigurationValue?, file: String) throws -> AdapterConfiguration {
        if case .string(let name)? = value { return try .resolve(name) }
        let fields = try AdapterHubConfiguration.fields(value, over: defaults, of: "PrefixTuningConfig", file: file)
        return try AdapterConfiguration(
            method: PrefixTuning.name, fields: fields.filter { PrefixTuning.defaults[$0.key] != nil },
            source: "\(file): config")
    }

    /// All fields, as the library writes them.
    /// - Throws: `BundleError` for a prefix that takes positions
    static func fields(_ member: Member, bundle: AdapterBundle) throws(BundleError) -> ConfigurationValue {
        guard member.configuration.fields["takes_positions"] != .bool(true) else {
            throw .content(
                file: bundle.name, field: "members/\(member.name): takes_positions", found: "true",
                expected: "false: in the library, a prefix does not move the text's positions", fix: "use --format peft"
            )
        }
        return .map(defaults.merging(member.configuration.fields) { $1 })
    }

    /// The member's own names of what the module holds: all tensors but the gates, which stand in the layers.
    static func names(_ method: PrefixTuning, _ architecture: Architecture) -> [String] {
        method.isFlat ? method.sites(architecture).map { "\($0.site.name)/prefix" } : network.map(\.ours)
    }

    /// The tensors of the library's module, in its order of names.
    /// - Parameter value: one of the member's own tensors by its name there
    static func tensors(
        _ method: PrefixTuning, _ architecture: Architecture, name: String, prefix: String,
        value: (String) throws -> NamedTensor
    ) throws -> [NamedTensor] {
        var parts: [NamedTensor] = []
        if method.isFlat {
            let sites = try method.sites(architecture).map { try value("\($0.site.name)/prefix") }
            let values = TensorTable.joined(sites)?.values ?? []
            parts = [NamedTensor(flat, [values.count], values)]
        } else {
            parts = try network.map { ours, theirs in
                let tensor = try value(ours)
                return NamedTensor(theirs, tensor.shape, tensor.values)
            }
        }
        let homes =
            ["prefix_tuning"]
            + (0..<architecture.configuration.layers).map { "encoder.layer.\($0).attention.self.prefix_tuning.pool" }
        return homes.flatMap { home in
            parts.map {
                NamedTensor("\(prefix)\(home).prefix_tunings.\(name).self_prefix.\($0.name)", $0.shape, $0.values)
            }
        }
    }

    /// The number of layers that a module's prefix has, with those that it leaves out; 0 if it has none.
    static func layers(_ method: PrefixTuning, leftOut: Int, in module: AdapterHubModule) -> Int {
        let part = method.isFlat ? flat : "control_trans.2.bias"
        guard let name = names(part, in: module).first, let shape = module.shape(name), shape.count == 1 else {
            return 0
        }
        let positions = method.isFlat ? method.length : 1
        return min(AdapterHubModule.mostLayers, shape[0] / (positions * 2 * module.hidden) + leftOut)
    }

    /// The tensors of a member, by our names.
    /// - Throws: `BundleError` for a tensor that is missing or of another shape, or for layers with other tensors
    static func take(
        _ method: PrefixTuning, _ architecture: Architecture, from module: inout AdapterHubModule
    ) throws -> [String: [Float]] {
        let sites = method.sites(architecture)
        if method.isFlat {
            let widths = sites.map(\.output)
            let all = try take(flat, shape: [method.length * widths.reduce(0, +)], from: &module)
            let parts = TensorTable.parts(of: all, rows: method.length, widths: widths)
            return Dictionary(zip(sites.map { "\($0.site.name)/prefix" }, parts)) { first, _ in first }
        }
        let shapes = Dictionary(method.specs(architecture).map { ($0.name, $0.shape) }) { first, _ in first }
        return try network.reduce(into: [:]) { tensors, names in
            guard let shape = shapes[names.ours] else { return }
            tensors[names.ours] = try take(names.theirs, shape: shape, from: &module)
        }
    }

    private static func names(_ part: String, in module: AdapterHubModule) -> [String] {
        module.names(ending: "prefix_tunings.\(module.name).self_prefix.\(part)")
    }

    /// One part, which all layers must have alike.
    private static func take(_ part: String, shape: [Int], from module: inout AdapterHubModule) throws -> [Float] {
        let names = names(part, in: module)
        let own = "prefix_tuning.prefix_tunings.\(module.name).self_prefix.\(part)"
        let values = try module.take(names.first ?? own, shape: shape)
        for name in names.dropFirst() {
            guard try module.take(name, shape: shape) == values else {
                throw AdapterHubModule.wrong(
                    module.configurationFile, name, "other numbers than \(names[0])", "the same in all layers",
                    fix: "save it again with adapters 1.3.0: all layers share one prefix module")
            }
        }
        return values
    }
}
