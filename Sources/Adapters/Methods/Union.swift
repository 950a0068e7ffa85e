import Files
import Models
import Numerics

/// Several methods that act together as one adapter: `adapters`' ConfigUnion, with Mix-and-Match (He et al. 2022, section
/// 4.6) and UniPELT (Mao et al. 2022) as presets.
///
/// Each part acts where it would act alone. Where two act at one site, they act as in a stack, in the order of `configs`.
/// A part's tensors are the union's under the part's id, which is its method's name, with a number from the second of a
/// method on: `query/3/lora.A` is the part `lora`'s `query/3/A`.
package struct Union: AdapterMethod {
    package static let name = "union"
    package static let presets: [(name: String, fields: [String: ConfigurationValue])] = [
        (
            "mam",
            [
                configs: .list([
                    entry(PrefixTuning.name, ["bottleneck_size": .number(800)]), .string("par_bn"),
                ])
            ]
        ),
        (
            "unipelt",
            [
                configs: .list([
                    entry(PrefixTuning.name, ["prefix_length": .number(10), "use_gating": .bool(true)]),
                    entry(BottleneckAdapter.name, ["use_gating": .bool(true)]),
                    entry(LoRA.name, ["alpha": .number(2), "use_gating": .bool(true)]),
                ])
            ]
        ),
    ]
    package static let defaults: [String: ConfigurationValue] = [configs: .list([])]

    private static let configs = "configs"
    private static let method = "method"
    private static let mostParts = 32

    private static func entry(_ method: String, _ fields: [String: ConfigurationValue]) -> ConfigurationValue {
        .map(fields.merging([Self.method: .string(method)]) { $1 })
    }

    /// One of the methods.
    package struct Part: Sendable {
        package let id: String
        package let configuration: AdapterConfiguration
        package let method: any AdapterMethod
    }

    /// In the order in which they act.
    package let parts: [Part]

    package init(_ c: ConfigurationReader) throws(AdapterError) {
        var parts: [Part] = []
        for (id, method, fields) in try Self.entries(c[Self.configs], source: c.source) {
            let configuration = try AdapterConfiguration(
                method: method, fields: fields, source: "\(c.source): \(id)")
            parts.append(Part(id: id, configuration: configuration, method: try configuration.makeMethod()))
        }
        guard parts.count(where: { $0.method.virtualTokens != nil }) < 2 else {
            throw .field(
                source: c.source, field: Self.configs, found: "several prompts, or prefixes that take positions",
                expected: "at most one part with such virtual tokens")
        }
        self.parts = parts
    }

    /// The parts as a configuration lists them: a preset's name, or a map with `method` and fields.
    private static func entries(
        _ value: ConfigurationValue, source: String
    ) throws(AdapterError) -> [(id: String, method: String, fields: [String: ConfigurationValue])] {
        let expected = "a list of 1 to \(mostParts) methods: a preset's name each, or a map with method and its fields"
        guard case .list(let list) = value, (1...mostParts).contains(list.count) else {
            throw .field(source: source, field: configs, found: value.json, expected: expected)
        }
        var used: [String: Int] = [:]
        var entries: [(id: String, method: String, fields: [String: ConfigurationValue])] = []
        for item in list {
            var (name, fields): (String, [String: ConfigurationValue])
            switch item {
            case .string(let preset):
                guard let known = AdapterConfiguration.preset(preset) else {
                    throw .unknownConfiguration(
                        source: "\(source): \(configs)", name: preset, known: AdapterMethods.presetNames)
                }
                (name, fields) = known
            case .map(let map):
                guard case .string(let method)? = map[Self.method] else {
                    throw .field(source: source, field: configs, found: item.json, expected: expected)
                }
                (name, fields) = (method, map)
                fields[Self.method] = nil
            default: throw .field(source: source, field: configs, found: item.json, expected: expected)
            }
            guard name != Self.name else {
                throw .field(
                    source: source, field: configs, found: "a union within a union", expected: "its parts one by one")
            }
            let number = (used[name] ?? 0) + 1
            used[name] = number
            entries.append((number == 1 ? name : "\(name)_\(number)", name, fields))
        }
        return entries
    }

    package static func set(
        _ field: String, to value: ConfigurationValue, in fields: inout [String: ConfigurationValue], source: String
    ) throws(AdapterError) {
        guard field != configs else { return fields[field] = value }
        var entries = try entries(fields[configs] ?? .null, source: source)
        let words = field.split(separator: ".", maxSplits: 1).map(String.init)
        guard words.count == 2, let index = entries.firstIndex(where: { $0.id == words[0] }) else {
            throw .unknownField(source: source, field: field, known: [configs] + entries.map { "\($0.id).FIELD" })
        }
        entries[index].fields[words[1]] = value
        fields[configs] = .list(entries.map { entry($0.method, $0.fields) })
    }

    private func fields(_ configurations: [AdapterConfiguration]) -> [String: ConfigurationValue] {
        [Self.configs: .list(configurations.map { Self.entry($0.method, $0.fields) })]
    }

    package var resolvedFields: [String: ConfigurationValue] { fields(parts.map(\.configuration)) }

    // MARK: - Tensors

    /// A part's tensor by the union's name: `query/3/A` of the part `lora` is `query/3/lora.A`.
    package static func name(_ own: String, of part: String) -> String {
        guard let slash = own.lastIndex(of: "/") else { return "\(part).\(own)" }
        return "\(own[...slash])\(part).\(own[own.index(after: slash)...])"
    }

    /// The part whose tensor this is, and the part's own name for it.
    package func part(of name: String) -> (part: Part, own: String)? {
        let start = name.lastIndex(of: "/").map { name.index(after: $0) } ?? name.startIndex
        return parts.lazy.filter { name[start...].hasPrefix("\($0.id).") }.map {
            ($0, name[..<start] + name[start...].dropFirst($0.id.count + 1))
        }.first.map { ($0.0, String($0.1)) }
    }

    package func specs(_ architecture: Architecture) -> [ParameterSpec] {
        parts.flatMap { part in
            part.method.specs(architecture).map { spec in
                var spec = spec
                spec.name = Self.name(spec.name, of: part.id)
                return spec
            }
        }
    }

    package func start(_ architecture: Architecture, weight: (SiteSpec) throws -> [Float]) throws -> AdapterStart {
        var all = AdapterStart()
        for part in parts {
            let start = try part.method.start(architecture, weight: weight)
            for (name, values) in start.values { all.values[Self.name(name, of: part.id)] = values }
            for (name, text) in start.texts { all.texts[Self.name(name, of: part.id)] = text }
            all.frozen += start.frozen.map { (Self.name($0.name, of: part.id), $0.shape, $0.values) }
        }
        return all
    }

    package var savedFields: [String: ConfigurationValue] {
        guard parts.contains(where: { !$0.method.savedFields.isEmpty }) else { return [:] }
        return fields(parts.compactMap { try? $0.configuration.saved() })
    }

    package func savedTensors(_ architecture: Architecture, _ tensors: MemberTensors) throws -> [String: [Float]] {
        try parts.filter { !$0.method.savedFields.isEmpty }.reduce(into: [:]) { all, part in
            for (name, values) in try part.method.savedTensors(architecture, tensors.part(part.id)) {
                all[Self.name(name, of: part.id)] = values
            }
        }
    }

    // MARK: - What the parts do

    package var virtualTokens: VirtualTokens? { parts.lazy.compactMap(\.method.virtualTokens).first }
    package var notFusable: String? { "its parts act at different places; fuse adapters of one method each" }
    package var mixesTokens: Bool { parts.contains { $0.method.mixesTokens } }

    package func shift(at site: SiteSpec, _ tensors: MemberTensors) throws -> SiteShift? {
        SiteShift(sum: try parts.map { (try $0.method.shift(at: site, tensors.part($0.id)), 1) })
    }

    package func delta(at site: Site, _ context: SiteContext, _ tensors: MemberTensors) throws -> SiteDelta? {
        var only: SiteDelta?
        /// The site as the parts so far leave it; whoever asked keeps its own view
        var below: SiteContext?
        for part in parts {
            let shown = below ?? only.map { context.with($0) } ?? context
            guard let delta = try part.method.delta(at: site, shown, tensors.part(part.id)) else { continue }
            if only == nil {
                only = delta
            } else {
                shown.apply(delta)
                below = shown
            }
        }
        guard let below else { return only }
        return below.hasEnded ? .end(try below.normalized()) : .replacement(try below.output())
    }

    package func extraKeysValues(
        layer: Int, input: Value, of architecture: Architecture, _ tensors: MemberTensors, in builder: PlanBuilder
    ) throws -> (keys: Value, values: Value, rows: Int)? {
        Stack.joined(
            try parts.map {
                try $0.method.extraKeysValues(
                    layer: layer, input: input, of: architecture, tensors.part($0.id), in: builder)
            }, in: builder)
    }

    package func merge(into projection: inout Projection, _ tensor: (String) throws -> [Float]) throws {
        for part in parts { try part.method.merge(into: &projection) { try tensor("\(part.id).\($0)") } }
    }
}
