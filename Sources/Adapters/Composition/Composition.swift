import Files
import Models
import Numerics

/// How adapters act together: a tree over the members' names.
package indirect enum Composition: Equatable, Sendable {
    case leaf(String)
    /// Attention over frozen adapters (AdapterFusion).
    case fuse([String])
    /// One upon the other, the lowest first (MAD-X: a task's adapter on a language's).
    case stack([Composition])

    /// Names in order.
    package var members: [String] {
        switch self {
        case .leaf(let name): [name]
        case .fuse(let names): names
        case .stack(let parts): parts.flatMap(\.members)
        }
    }

    /// The names that a fusion within attends over.
    package var fused: [String]? {
        switch self {
        case .leaf: nil
        case .fuse(let names): names
        case .stack(let parts): parts.lazy.compactMap(\.fused).first
        }
    }

    /// As bundles hold it: "a", {"fuse":["a","b"]} or {"stack":["l",{"fuse":["a","b"]}]}.
    package var json: ConfigurationValue {
        switch self {
        case .leaf(let name): .string(name)
        case .fuse(let names): .map(["fuse": .list(names.map { .string($0) })])
        case .stack(let parts): .map(["stack": .list(parts.map(\.json))])
        }
    }

    package init?(json: ConfigurationValue) {
        switch json {
        case .string(let name): self = .leaf(name)
        case .map(let map):
            guard map.count == 1 else { return nil }
            if case .list(let list)? = map["stack"] {
                let parts = list.compactMap { Composition(json: $0) }
                // A fusion's tensors have one place: there is at most one
                guard parts.count == list.count, !parts.isEmpty, parts.count(where: { $0.fused != nil }) <= 1 else {
                    return nil
                }
                self = .stack(parts)
                return
            }
            guard case .list(let list)? = map["fuse"] else { return nil }
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

    /// As bundles hold it.
    package func saved() throws(AdapterError) -> Member { Member(name: name, configuration: try configuration.saved()) }

    /// The tensors by full name that differ in the form that bundles hold.
    /// - Parameter operand: of its tensors as they were trained, all frozen.
    package func savedTensors(_ architecture: Architecture, _ operand: OperandTable) throws -> [String: [Float]] {
        let method = try configuration.makeMethod()
        guard !method.savedFields.isEmpty else { return [:] }
        let tensors = try method.savedTensors(architecture, MemberTensors(operand, prefix: scope))
        return Dictionary(tensors.map { ("\(scope)/\($0.key)", $0.value) }) { first, _ in first }
    }

    /// Its tensors, named in full.
    package func specs(_ architecture: Architecture) throws(AdapterError) -> [ParameterSpec] {
        try configuration.makeMethod().specs(architecture).map { spec in
            var spec = spec
            spec.name = "\(scope)/\(spec.name)"
            return spec
        }
    }
}

/// A composition acting at the sites of a model.
///
/// What a method does outside the layers (an invertible adapter) is done for the first member alone, as the `adapters`
/// library does it: in a stack for the language, not for the task.
package struct ComposedAdapters: SitePlugin {
    private let block: any SitePlugin
    private let first: LeafBlock?

    /// - Parameters:
    ///   - members: at least those that the composition names.
    ///   - operand: the members' tensors under `members/NAME/…`, a block's own under `fusion/…`.
    /// - Throws: `AdapterError.composition` where the block cannot take such members.
    package init(
        _ composition: Composition, members: [Member], fusion: FusionConfiguration?, architecture: Architecture,
        operand: OperandTable
    ) throws(AdapterError) {
        var leaves: [String: (member: Member, method: any AdapterMethod)] = [:]
        for name in composition.members {
            guard let member = members.first(where: { $0.name == name }) else {
                throw .composition(
                    "the composition uses adapter \(name), which is missing; found \(members.map(\.name).joined(separator: ", "))"
                )
            }
            leaves[name] = (member, try member.configuration.makeMethod())
        }
        func leaf(_ name: String) -> LeafBlock? {
            leaves[name].map {
                LeafBlock(
                    method: $0.method, tensors: MemberTensors(operand, prefix: $0.member.scope),
                    architecture: architecture)
            }
        }
        func block(_ composition: Composition) throws(AdapterError) -> any SitePlugin {
            switch composition {
            case .leaf(let name): return leaf(name) ?? NoPlugin()
            case .fuse(let names):
                return try FuseBlock(
                    names.compactMap { leaves[$0] }, configuration: fusion ?? .dynamic, architecture: architecture,
                    operand: operand)
            case .stack(let parts):
                var blocks: [any SitePlugin] = []
                for part in parts { blocks.append(try block(part)) }
                return StackBlock(blocks: blocks)
            }
        }
        self.block = try block(composition)
        first = composition.members.first.flatMap(leaf)
    }

    package func delta(at site: Site, _ context: SiteContext) throws -> SiteDelta? {
        guard site.layer == nil else { return try block.delta(at: site, context) }
        return try first?.delta(at: site, context)
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
    let architecture: Architecture

    func delta(at site: Site, _ context: SiteContext) throws -> SiteDelta? {
        try method.delta(at: site, context, tensors)
    }

    func extraKeysValues(layer: Int, _ builder: PlanBuilder) throws -> (keys: Value, values: Value, rows: Int)? {
        try method.extraKeysValues(layer: layer, of: architecture, tensors, in: builder)
    }
}
