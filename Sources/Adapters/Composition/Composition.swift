import Files

/// How adapters act together: a tree of blocks over adapters' names.
package indirect enum Composition: Sendable {
    /// One adapter by its name. A tree may use an adapter in several places.
    case leaf(String)
    case block(CompositionNode)
}

/// A block with its configuration and its children.
package struct CompositionNode: Sendable {
    /// Unique in the tree: the block's kind, with a number from the second one on. Its tensors are under `blocks/ID/…`.
    package internal(set) var id: String
    package let block: any CompositionBlock
    package internal(set) var children: [Composition]

    /// Of the block's own tensors.
    package var scope: String { "blocks/\(id)" }
}

extension Composition {
    /// A block over some parts. All ids of the tree are assigned anew.
    package init(_ block: any CompositionBlock, _ children: [Composition]) {
        self = Composition.block(CompositionNode(id: "", block: block, children: children)).numbered()
    }

    package static func fuse(_ names: [String], _ configuration: FusionConfiguration = .dynamic) -> Composition {
        Composition(Fuse(configuration), names.map { .leaf($0) })
    }

    /// The lowest part first.
    package static func stack(_ parts: [Composition]) -> Composition { Composition(Stack(), parts) }

    /// The same tree with ids by position: parents before children, children in order.
    package func numbered() -> Composition {
        var used: [String: Int] = [:]
        return numbered(&used)
    }

    private func numbered(_ used: inout [String: Int]) -> Composition {
        guard case .block(var node) = self else { return self }
        let kind = type(of: node.block).kind
        let number = (used[kind] ?? 0) + 1
        used[kind] = number
        node.id = number == 1 ? kind : "\(kind)_\(number)"
        node.children = node.children.map { $0.numbered(&used) }
        return .block(node)
    }

    /// The same tree with each block's id changed.
    package func identified(_ id: (String) -> String) -> Composition {
        guard case .block(var node) = self else { return self }
        node.id = id(node.id)
        node.children = node.children.map { $0.identified(id) }
        return .block(node)
    }

    /// A block under an id of its own, above a tree whose ids stay.
    package static func above(_ id: String, _ block: any CompositionBlock, _ children: [Composition]) -> Composition {
        .block(CompositionNode(id: id, block: block, children: children))
    }

    /// All blocks, parents before children.
    package var nodes: [CompositionNode] {
        switch self {
        case .leaf: []
        case .block(let node): [node] + node.children.flatMap(\.nodes)
        }
    }

    /// The adapters' names in the order in which they act, each once.
    package var members: [String] {
        var seen: Set<String> = []
        return leaves.filter { seen.insert($0).inserted }
    }

    /// A part of one of its blocks by its text; nil: there is none.
    package func part(named text: String) -> Composition? {
        for child in nodes.flatMap(\.children) where child.text == text { return child }
        return nil
    }

    private var leaves: [String] {
        switch self {
        case .leaf(let name): [name]
        case .block(let node): node.children.flatMap(\.leaves)
        }
    }

    /// The same tree with other names.
    package func renamed(_ name: (String) -> String) -> Composition {
        switch self {
        case .leaf(let old): return .leaf(name(old))
        case .block(var node):
            node.children = node.children.map { $0.renamed(name) }
            return .block(node)
        }
    }

    /// As people write it: stack(l, fuse(a, b)).
    package var text: String {
        switch self {
        case .leaf(let name): return name
        case .block(let node):
            let fields = node.block.fields.sorted { $0.key < $1.key }.map { "\($0.key)=\(Self.text($0.value))" }
            return "\(type(of: node.block).kind)(\((node.children.map(\.text) + fields).joined(separator: ", ")))"
        }
    }

    /// Numbers are computed with in single precision, so more digits would say nothing.
    private static func text(_ value: ConfigurationValue) -> String {
        switch value {
        case .number(let number): Int(exactly: number).map { "\($0)" } ?? "\(Float(number))"
        case .list(let list): "[\(list.map(text).joined(separator: ", "))]"
        default: value.json
        }
    }
}

extension Composition: Equatable {
    package static func == (a: Composition, b: Composition) -> Bool {
        switch (a, b) {
        case (.leaf(let a), .leaf(let b)): a == b
        case (.block(let a), .block(let b)):
            a.id == b.id && type(of: a.block) == type(of: b.block) && a.block.fields == b.block.fields
                && a.children == b.children
        default: false
        }
    }
}
