/// Which blocks may stand in which.
extension Composition {
    /// A block within one that cannot hold it; nil: there is none.
    package var nestingFault: BlockFault? {
        func fault(_ tree: Composition, within above: [String]) -> BlockFault? {
            guard case .block(let node) = tree else { return nil }
            let type = type(of: node.block)
            if let fault = type.nestingFault(within: above) { return fault }
            return node.children.lazy.compactMap { fault($0, within: above + [type.kind]) }.first
        }
        return fault(self, within: [])
    }
}

extension CompositionBlock {
    /// - Parameter above: the kinds of blocks around it, the outermost first
    package static func nestingFault(within above: [String]) -> BlockFault? {
        guard let parents, let other = above.last(where: { !parents.contains($0) }) else { return nil }
        let allowed = CompositionBlocks.kinds.filter { parents.contains($0) }
        return BlockFault(
            kind, found: "\(kind) in \(other)",
            expected: "\(kind) alone or in \(allowed.joined(separator: ", "))")
    }
}
