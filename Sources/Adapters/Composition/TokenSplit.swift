import Files
import Models
import Numerics

/// Tokens by their positions: the first so many of each sequence pass through the first child, the next through the second,
/// and so on. What a sequence has beyond the sum belongs to the last child.
///
/// As in the `adapters` library, with its option `splits`; there, all sequences are as long as the sum. Positions count all
/// rows of a sequence, [CLS] and a prompt included. A split that is a part of a split counts from where the part begins.
package struct TokenSplit: CompositionBlock {
    package static let kind = "split"
    package static let parents = BatchSplit.parents
    static let option = "splits"
    /// Rows of each child, 1 or more.
    package let lengths: [Int]
    package var fields: [String: ConfigurationValue] { [Self.option: .list(lengths.map { .init($0) })] }

    package init(lengths: [Int]) { self.lengths = lengths }

    /// One number counts for all children.
    package init(_ fields: BlockFields) throws(BlockFault) {
        try fields.check([Self.option])
        lengths = try fields.sizes(Self.option)
    }

    package func plugin(_ children: [ComposedChild], _ architecture: Architecture, _ tensors: MemberTensors)
        throws(AdapterError) -> any SitePlugin
    {
        for (member, method) in children.flatMap(\.outline.adapters) where method.virtualTokens != nil {
            throw .composition(
                "adapter \(member.name): found \(method.virtualTokensText) in a split, expected adapters that act in the layers; use stack"
            )
        }
        var parts: [(child: ComposedChild, end: Int)] = []
        var start = 0
        for (child, length) in zip(children, lengths) {
            let end = start + length
            if let inner = child.plugin as? TokenSplitPlugin {
                parts += inner.parts.map { ($0.child, min($0.end + start, end)) }
                parts[parts.count - 1].end = end
            } else if child.outline.holdsSplit {
                throw .composition(
                    "\(child.outline.text): found a split within a part of a split, expected one split directly in the other"
                )
            } else {
                parts.append((child, end))
            }
            start = end
        }
        return TokenSplitPlugin(parts: parts)
    }

    package func merge(into projection: inout Projection, _ children: [(inout Projection) throws -> Void]) throws {
        throw AdapterError.composition(
            "a split has different weights for different tokens, so it cannot be part of a transformers model")
    }
}

extension Outline {
    fileprivate var holdsSplit: Bool {
        guard case .block(let node, let children) = self else { return false }
        return node.block is TokenSplit || children.contains(where: \.holdsSplit)
    }
}

private struct TokenSplitPlugin: SitePlugin {
    /// Each with the position before which it ends.
    let parts: [(child: ComposedChild, end: Int)]

    func shift(at site: SiteSpec) throws -> SiteShift? {
        for (child, _) in parts where try child.plugin.shift(at: site) != nil {
            throw AdapterError.composition(
                "\(child.outline.text): found an adapter that changes biases or norms in a split, expected adapters that act "
                    + "on tokens; such a change acts on all of them")
        }
        return nil
    }

    func delta(at site: Site, _ context: SiteContext) throws -> SiteDelta? {
        let deltas = try parts.map { try $0.child.delta(at: site, context) }
        guard deltas.contains(where: { $0.delta != nil || $0.site.depth > context.depth }) else { return nil }
        try WeightedParts.refuseEnds(deltas, in: "a split")
        let outputs = try deltas.map { delta, own in
            // On a fork, since a single adapter shares the block's own view of the site
            let site = own.fork()
            if let delta { site.apply(delta) }
            return try site.output()
        }
        return .replacement(
            context.builder.append(SelectByPosition(outputs, ends: parts.map(\.end), in: context.builder)))
    }

    func extraKeysValues(layer: Int, input: Value, _ builder: PlanBuilder) throws -> (
        keys: Value, values: Value, rows: Int
    )? {
        for (child, _) in parts where try child.plugin.extraKeysValues(layer: layer, input: input, builder) != nil {
            throw AdapterError.composition(
                "\(child.outline.text): found prefixes in a split, expected adapters that act on tokens; prefixes are keys and "
                    + "values of all tokens")
        }
        return nil
    }
}
