import Models
import Numerics

/// How adapters act together: a tree over the members' names.
package indirect enum Composition: Equatable, Sendable {
    case leaf(String)
    /// Attention over frozen adapters (AdapterFusion).
    case fuse([String])

    /// Names in order.
    package var members: [String] {
        switch self {
        case .leaf(let name): [name]
        case .fuse(let names): names
        }
    }

    /// As bundles hold it: "a" or {"fuse":["a","b"]}.
    package var json: ConfigurationValue {
        switch self {
        case .leaf(let name): .string(name)
        case .fuse(let names): .map(["fuse": .list(names.map { .string($0) })])
        }
    }

    package init?(json: ConfigurationValue) {
        switch json {
        case .string(let name): self = .leaf(name)
        case .map(let map):
            guard map.count == 1, case .list(let list)? = map["fuse"] else { return nil }
            let names = list.compactMap { if case .string(let name) = $0 { name } else { nil } }
            guard names.count == list.count, !names.isEmpty else { return nil }
            self = .fuse(names)
        default: return nil
        }
    }
}

/// An adapter by name, as it stands in a composition.
package struct Member: Sendable {
    package let name: String
    package let configuration: AdapterConfiguration

    package init(name: String, configuration: AdapterConfiguration) {
        self.name = name
        self.configuration = configuration
    }

    package var scope: String { "members/\(name)" }

    /// Its tensors, named in full.
    package func specs(_ encoder: EncoderConfiguration) throws(AdapterError) -> [ParameterSpec] {
        try configuration.makeMethod().specs(encoder).map { spec in
            ParameterSpec("\(scope)/\(spec.name)", spec.shape, spec.initializer)
        }
    }
}

/// A composition at work at the sites of an encoder.
package struct ComposedAdapters: SitePlugin {
    private let block: any SitePlugin

    /// - Parameters:
    ///   - members: at least those that the composition names.
    ///   - operand: the members' tensors under `members/NAME/…`, a block's own under `fusion/…`.
    /// - Throws: `AdapterError.composition` where the block cannot take such members.
    package init(
        _ composition: Composition, members: [Member], fusion: FusionConfiguration?, encoder: EncoderConfiguration,
        operand: OperandTable
    ) throws(AdapterError) {
        var chosen: [(member: Member, method: any AdapterMethod)] = []
        for name in composition.members {
            guard let member = members.first(where: { $0.name == name }) else {
                throw .composition("no adapter \(name) for the composition; there are \(members.map(\.name))")
            }
            chosen.append((member, try member.configuration.makeMethod()))
        }
        switch composition {
        case .leaf:
            block = LeafBlock(method: chosen[0].method, tensors: MemberTensors(operand, prefix: chosen[0].member.scope))
        case .fuse:
            block = try FuseBlock(
                chosen, configuration: fusion ?? .dynamic, encoder: encoder, operand: operand)
        }
    }

    package func delta(at site: Site, _ context: SiteContext) throws -> SiteDelta? {
        try block.delta(at: site, context)
    }

    package func extraKeysValues(layer: Int, _ builder: PlanBuilder) throws -> (keys: Value, values: Value, rows: Int)?
    {
        try block.extraKeysValues(layer: layer, builder)
    }
}

/// One adapter by itself.
struct LeafBlock: SitePlugin {
    let method: any AdapterMethod
    let tensors: MemberTensors

    func delta(at site: Site, _ context: SiteContext) throws -> SiteDelta? {
        try method.delta(at: site, context, tensors)
    }
}
