import Models
import Numerics

/// A composition with its adapters' methods, before there are tensors: what blocks ask of their children.
package indirect enum Outline: Sendable {
    case leaf(Member, any AdapterMethod)
    case block(CompositionNode, [Outline])

    /// - Parameter members: at least those that the composition names
    /// - Throws: `AdapterError` for an adapter that is missing, or for its configuration
    package init(_ composition: Composition, members: [Member]) throws(AdapterError) {
        if let fault = composition.nestingFault {
            throw .composition("\(composition.text): found \(fault.found), expected \(fault.expected)")
        }
        self = try Self.outline(composition, members)
    }

    private static func outline(_ composition: Composition, _ members: [Member]) throws(AdapterError) -> Outline {
        switch composition {
        case .leaf(let name):
            guard let member = members.first(where: { $0.name == name }) else {
                throw .composition(
                    "the composition uses adapter \(name), which is missing; found "
                        + (members.isEmpty ? "none" : members.map(\.name).joined(separator: ", ")))
            }
            return .leaf(member, try member.configuration.makeMethod())
        case .block(let node):
            var children: [Outline] = []
            for child in node.children { children.append(try outline(child, members)) }
            return .block(node, children)
        }
    }

    /// As people write it.
    package var text: String {
        switch self {
        case .leaf(let member, _): member.name
        case .block(let node, _): Composition.block(node).text
        }
    }

    /// Its adapters in the order in which they act.
    package var adapters: [(member: Member, method: any AdapterMethod)] {
        switch self {
        case .leaf(let member, let method): [(member, method)]
        case .block(_, let children): children.flatMap(\.adapters)
        }
    }

    /// The bottleneck that acts last at a site; nil: none.
    package func bottleneck(at site: SiteSpec) -> Bottleneck? {
        switch self {
        case .leaf(_, let method): method.bottleneck(at: site)
        case .block(let node, let children): node.block.bottleneck(at: site, children)
        }
    }

    /// The own tensors of all blocks, parents before children.
    package func blockSpecs(_ architecture: Architecture) throws(AdapterError) -> [ParameterSpec] {
        guard case .block(let node, let children) = self else { return [] }
        var specs = try node.block.specs(children, architecture, scope: node.scope)
        for child in children { specs += try child.blockSpecs(architecture) }
        return specs
    }

    /// Makes its effect on a projection part of the projection.
    /// - Parameter tensor: of a member at the projection's site: "A"
    func merge(into projection: inout Projection, _ tensor: @escaping (Member, String) throws -> [Float]) throws {
        switch self {
        case .leaf(let member, let method): try method.merge(into: &projection) { try tensor(member, $0) }
        case .block(let node, let children):
            let merges = children.map { child in
                { (projection: inout Projection) throws in try child.merge(into: &projection, tensor) }
            }
            try node.block.merge(into: &projection, merges)
        }
    }
}

extension Composition {
    /// The own tensors of all blocks, in full.
    /// - Throws: `AdapterError` where a block cannot take its children
    package func blockSpecs(_ members: [Member], _ architecture: Architecture) throws(AdapterError) -> [ParameterSpec] {
        try Outline(self, members: members).blockSpecs(architecture)
    }
}
