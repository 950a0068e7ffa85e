import Adapters
import Bundles
import Files

/// Which heads read which parts of a composition of bundles.
extension Composed {
    /// The same with the heads of each router's parts, and without heads that nothing serves.
    ///
    /// A part's heads are those of its bundles; in a stack, those of its highest bundle with heads. Where several parts have
    /// one head, each gets a copy under a name of its own.
    /// - Throws: `AdapterError.composition` for a part without a head, or a head that does not exist
    func routed() throws(AdapterError) -> Composed {
        guard let tree = composition, let last = tree.routers.last else { return self }
        if let fault = tree.nestingFault {
            throw .composition("\(tree.text): found \(fault.found), expected \(fault.expected)")
        }
        var routed = self
        // Of several routers in a stack, the highest one is next to the heads
        var own: [[String]]
        if let known = last.router.heads {
            own = known
            if let missing = known.joined().first(where: { name in !heads.contains { $0.name == name } }) {
                throw .composition(
                    "\(tree.text): found no head \(missing), expected one of "
                        + heads.map(\.name).joined(separator: ", "))
            }
        } else {
            own = last.node.children.map { heads(of: $0) }
            if let part = own.firstIndex(where: \.isEmpty) {
                throw .composition(
                    "\(last.node.children[part].text): found no head for this part of \(type(of: last.router).kind), "
                        + "expected one for each; use bundles that were trained on a task")
            }
            var seen: Set<String> = []
            for part in own.indices {
                for (i, name) in own[part].enumerated() where !seen.insert(name).inserted {
                    own[part][i] = routed.copyHead(name)
                }
            }
        }
        let found = own
        routed.composition = tree.routed { _, router in router.heads ?? found }
        let served = Set(found.joined())
        for head in routed.heads where !served.contains(head.name) {
            for name in routed.tensors.keys where name.hasPrefix(head.scope + "/") { routed.tensors[name] = nil }
        }
        routed.heads.removeAll { !served.contains($0.name) }
        for (node, router) in routed.composition?.routers ?? []
        where router.heads?.count != node.children.count && !type(of: router).sharesParts {
            throw .composition(
                "\(tree.text): found \(counted(node.children.count, "part")) in one \(type(of: router).kind) and "
                    + "\(found.count) in another, expected as many")
        }
        if let fault = routed.composition?.routingFault(heads: routed.heads.map(\.name)) {
            throw .composition("\(tree.text): \(fault.field): found \(fault.found), expected \(fault.expected)")
        }
        return routed
    }

    /// The heads that read what a tree gives.
    private func heads(of tree: Composition) -> [String] {
        switch tree {
        case .leaf(let name): return headsOf[name] ?? []
        case .block(let node) where node.block is Stack:
            return node.children.reversed().lazy.map { heads(of: $0) }.first { !$0.isEmpty } ?? []
        case .block(let node):
            var seen: Set<String> = []
            return node.children.flatMap { heads(of: $0) }.filter { seen.insert($0).inserted }
        }
    }

    /// Copies a head with its tensors.
    /// - Returns: the copy's name
    private mutating func copyHead(_ name: String) -> String {
        guard let head = heads.first(where: { $0.name == name }) else { return name }
        var copy = head
        copy.name = Self.free(name, heads.map(\.name))
        heads.append(copy)
        for tensor in tensors.values.filter({ $0.name.hasPrefix(head.scope + "/") }) {
            let own = copy.scope + tensor.name.dropFirst(head.scope.count)
            tensors[own] = NamedTensor(own, tensor.shape, tensor.values)
        }
        return copy.name
    }
}
