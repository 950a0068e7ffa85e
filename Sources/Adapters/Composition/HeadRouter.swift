import Files
import Models
import Numerics

/// A block whose children serve different heads: what a head reads has passed through the child that serves it.
///
/// Sequences do not see each other in an encoder, so this is what the model gives with that child alone in the block's
/// place (`Composition.serving`). Sites and plans therefore never see a router.
package protocol HeadRouter: SequenceSelector {
    /// The option with the heads: "heads".
    static var option: String { get }
    /// Whether all heads go through its only child, and the block itself has a part for each.
    static var sharesParts: Bool { get }
    /// The heads that each child, or each part of the block itself, serves; nil: whoever places the block has yet to say.
    var heads: [[String]]? { get }
    init(heads: [[String]]?)
    /// The block for the heads of one of its own parts; nil: the child of this number takes its place.
    func serving(part index: Int) -> (any CompositionBlock)?
}

extension HeadRouter {
    package static var sharesParts: Bool { false }
    package func serving(part index: Int) -> (any CompositionBlock)? { nil }

    package var fields: [String: ConfigurationValue] { Self.fields(heads) }

    /// One name for each child, or a list of names.
    static func fields(_ heads: [[String]]?) -> [String: ConfigurationValue] {
        guard let heads else { return [:] }
        let isFlat = heads.allSatisfy { $0.count == 1 }
        return [
            option: .list(
                isFlat ? heads.map { .string($0[0]) } : heads.map { names in .list(names.map { .string($0) }) })
        ]
    }

    package init(_ fields: BlockFields) throws(BlockFault) {
        try fields.check([Self.option])
        let heads = try Self.heads(fields)
        if let heads, heads.count != fields.children {
            throw BlockFault(
                Self.option, found: counted(heads.count, "entry", "entries"),
                expected: "\(fields.children), one for each child")
        }
        self.init(heads: heads)
    }

    static func heads(_ fields: BlockFields) throws(BlockFault) -> [[String]]? {
        let heads = try fields.names(option)
        var seen: Set<String> = []
        if let twice = heads?.joined().first(where: { !seen.insert($0).inserted }) {
            throw BlockFault(option, found: "'\(twice)' twice", expected: "each name once")
        }
        return heads
    }

    /// - Throws: `AdapterError.composition`: whoever builds a plan must have chosen the child
    package func plugin(_ children: [ComposedChild], _ architecture: Architecture, _ tensors: MemberTensors)
        throws(AdapterError) -> any SitePlugin
    {
        throw .composition("\(Self.kind): found no head that it serves, expected one; name its \(Self.option)")
    }
}

extension Composition {
    /// What acts on the sequences that a head reads: each router's place is taken by the child that serves the head. Blocks
    /// keep their ids.
    /// - Parameter head: nil: the tree has no router.
    /// - Throws: `AdapterError.composition` for a head that a router does not serve
    package func serving(_ head: String?) throws(AdapterError) -> Composition {
        guard case .block(let node) = self else { return self }
        guard let router = node.block as? any HeadRouter else {
            var children: [Composition] = []
            for child in node.children { children.append(try child.serving(head)) }
            return .above(node.id, node.block, children)
        }
        guard let head, let heads = router.heads, let index = heads.firstIndex(where: { $0.contains(head) }) else {
            throw .composition(
                "\(text): found no part for head \(head ?? "(none)"), expected "
                    + (router.heads?.joined().joined(separator: ", ") ?? "a list of heads"))
        }
        guard let block = router.serving(part: index) else { return try node.children[index].serving(head) }
        return .above(node.id, block, node.children)
    }

    /// The routers, parents before children.
    package var routers: [(node: CompositionNode, router: any HeadRouter)] {
        nodes.compactMap { node in (node.block as? any HeadRouter).map { (node, $0) } }
    }

    /// The same tree with other heads in its routers.
    /// - Parameter heads: gives those of a router; nil: as they are
    package func routed(_ heads: (CompositionNode, any HeadRouter) throws -> [[String]]?) rethrows -> Composition {
        guard case .block(let node) = self else { return self }
        let children = try node.children.map { try $0.routed(heads) }
        guard let router = node.block as? any HeadRouter, let own = try heads(node, router) else {
            return .above(node.id, node.block, children)
        }
        return .above(node.id, type(of: router).init(heads: own), children)
    }

    /// What is wrong with the routers of a tree beside these heads; nil: nothing. Each head has one place in each router.
    package func routingFault(heads: [String]) -> BlockFault? {
        for (_, router) in routers {
            let option = type(of: router).option
            guard let served = router.heads?.flatMap({ $0 }) else {
                return BlockFault(option, found: "nothing", expected: "the heads that each child serves")
            }
            if let other = served.first(where: { !heads.contains($0) }) {
                return BlockFault(option, found: other, expected: "one of the heads \(heads.joined(separator: ", "))")
            }
            if let missing = heads.first(where: { !served.contains($0) }) {
                return BlockFault(option, found: served.joined(separator: ", "), expected: "\(missing) as well")
            }
        }
        return nil
    }
}
