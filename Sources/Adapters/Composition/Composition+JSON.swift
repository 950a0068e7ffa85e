import Files

extension Composition {
    /// As bundles hold it: "a", or {"block": "fuse", "children": ["a", "b"], "config": {…}, "id": "fuse"}.
    package var json: ConfigurationValue {
        switch self {
        case .leaf(let name): .string(name)
        case .block(let node):
            .map([
                "block": .string(type(of: node.block).kind), "id": .string(node.id),
                "config": .map(node.block.fields), "children": .list(node.children.map(\.json)),
            ])
        }
    }

    /// - Throws: `BlockFault` for a value that does not come from `json`
    package init(json: ConfigurationValue) throws(BlockFault) {
        let composition = try Self.read(json)
        guard composition == composition.numbered() else {
            throw BlockFault(
                "id", found: composition.nodes.map(\.id).joined(separator: ", "),
                expected: composition.numbered().nodes.map(\.id).joined(separator: ", "))
        }
        if let fault = composition.nestingFault { throw fault }
        self = composition
    }

    private static func read(_ json: ConfigurationValue) throws(BlockFault) -> Composition {
        if case .string(let name) = json { return .leaf(name) }
        guard case .map(let map) = json, case .string(let kind)? = map["block"], case .string(let id)? = map["id"],
            case .map(let fields)? = map["config"], case .list(let list)? = map["children"], map.count == 4
        else {
            throw BlockFault("composition", found: json.json, expected: "a name, or block, children, config and id")
        }
        guard let block = CompositionBlocks.named(kind) else {
            throw BlockFault("block", found: kind, expected: CompositionBlocks.kinds.joined(separator: ", "))
        }
        var children: [Composition] = []
        for child in list { children.append(try read(child)) }
        guard !children.isEmpty else { throw BlockFault("children", found: "none", expected: "at least one") }
        return .block(
            CompositionNode(
                id: id, block: try block.init(BlockFields(fields, children: children.count)), children: children))
    }

    /// The form of version 1: "a", {"fuse": ["a", "b"]} or {"stack": [ … ]} with one fusion at most.
    /// - Parameter fusion: the fusion's configuration, which stood beside the tree
    package init?(version1 json: ConfigurationValue, fusion: FusionConfiguration?) {
        func read(_ json: ConfigurationValue) -> Composition? {
            if case .string(let name) = json { return .leaf(name) }
            guard case .map(let map) = json, map.count == 1, let (kind, value) = map.first,
                case .list(let list) = value,
                !list.isEmpty
            else { return nil }
            let children = list.compactMap(read)
            guard children.count == list.count else { return nil }
            switch kind {
            case "stack": return Composition(Stack(), children)
            case "fuse":
                let isFlat = children.allSatisfy { if case .leaf = $0 { true } else { false } }
                return isFlat ? Composition(Fuse(fusion ?? .dynamic), children) : nil
            default: return nil
            }
        }
        guard let composition = read(json), composition.nodes.count(where: { $0.block is Fuse }) <= 1 else {
            return nil
        }
        self = composition.numbered()
    }
}
