import Adapters
import Files
import Models

/// The file `adapter_setup.json` of `save_adapter_setup`, which holds a composition. Its adapters are in folders of their
/// names beside it, its fusions in folders of their adapters' names with commas.
enum AdapterHubSetup {
    static let file = "adapter_setup.json"

    /// Which blocks may stand in which, and how deep fusions may be.
    private static let nesting: [String: Set<String>] = [
        Stack.kind: [Fuse.kind, Average.kind], Fuse.kind: [Stack.kind], Average.kind: [Stack.kind],
    ]

    /// What a user would see otherwise in the library.
    struct Setup {
        var json: ConfigurationValue
        /// Each fusion with its name there.
        var fusions: [(node: CompositionNode, name: String)]
        var warnings: [String]
    }

    static func flow(_ composition: Composition, of bundle: AdapterBundle) throws -> AdapterHubFlow {
        try AdapterHubFlow(composition.withFlatStacks, bundle.members, try Architecture(bundle.base.shape))
    }

    /// What the library computes otherwise.
    /// - Throws: `BundleError.content` for a tree with which it fails, `AdapterError` for an adapter's configuration
    static func differences(_ composition: Composition, of bundle: AdapterBundle) throws -> [String] {
        let flow = try flow(composition, of: bundle)
        if let failure = flow.failure {
            throw refused(composition, bundle.name, "a composition that the library can run: \(failure)")
        }
        return flow.differences.map { "results in the library will differ: \($0)" }
    }

    /// - Parameter theirs: an adapter's name in the library.
    /// - Throws: `BundleError.content` for a tree that the library refuses, or with which it fails
    static func setup(
        _ composition: Composition, heads: [String], of bundle: AdapterBundle, theirs: (String) -> String
    ) throws -> Setup {
        let flat = composition.withFlatStacks
        guard case .block(let root) = flat else {
            return Setup(json: tree(flat, theirs), fusions: [], warnings: [])
        }
        var fusions = root.block is Fuse ? [root] : []
        for case .block(let child) in root.children where child.block is Fuse { fusions.append(child) }
        guard fusions.count == flat.nodes.count(where: { $0.block is Fuse }) else {
            throw refused(composition, bundle.name, "a fusion at the top, or directly within the outermost block")
        }
        for node in flat.nodes {
            let kind = type(of: node.block).kind
            guard nesting[kind] != nil else {
                throw refused(composition, bundle.name, "only \(nesting.keys.sorted().joined(separator: ", "))")
            }
            for case .block(let child) in node.children {
                let inner = type(of: child.block).kind
                guard nesting[kind]?.contains(inner) == true else {
                    throw refused(composition, bundle.name, "no \(inner) within \(kind), which the library refuses")
                }
                guard !(node.block is Stack) || node.id == root.id else {
                    throw refused(
                        composition, bundle.name,
                        "no \(inner) in a stack within another block, which the library refuses")
                }
            }
        }
        return Setup(
            json: .map([
                "adapter_setup": tree(flat, theirs),
                "head_setup": heads.isEmpty ? .null : .list(heads.map { .string($0) }),
                "version": .string("adapters.1.3.0"),
            ]),
            fusions: fusions.map { node in
                (node, node.children.compactMap { $0.members.last.map(theirs) }.joined(separator: ","))
            },
            warnings: try differences(composition, of: bundle))
    }

    private static func refused(_ composition: Composition, _ bundle: String, _ expected: String) -> BundleError {
        .content(
            file: bundle, field: "composition", found: composition.text, expected: expected,
            fix: "export its adapters one by one")
    }

    private static func tree(_ composition: Composition, _ theirs: (String) -> String) -> ConfigurationValue {
        switch composition {
        case .leaf(let name): return .map(["type": .string("single"), "children": .list([.string(theirs(name))])])
        case .block(let node):
            var fields: [String: ConfigurationValue] = [
                "type": .string(type(of: node.block).kind.capitalized),
                "children": .list(node.children.map { tree($0, theirs) }),
            ]
            if let average = node.block as? Average {
                // 1.3.0 divides by the number of children after its own normalization; these weights undo that
                fields["kwargs"] = .map([
                    "normalize_weights": .bool(false),
                    "weights": .list(average.weights.map { .number($0 * Double(average.weights.count)) }),
                ])
            }
            return .map(fields)
        }
    }
}

extension CompositionNode {
    fileprivate var members: [String] { children.flatMap(\.members) }
}

extension Composition {
    /// Stacks within stacks as parts of the outer one, which computes the same.
    fileprivate var withFlatStacks: Composition {
        guard case .block(let node) = self else { return self }
        let children = node.children.map(\.withFlatStacks).flatMap { child -> [Composition] in
            guard node.block is Stack, case .block(let inner) = child, inner.block is Stack else { return [child] }
            return inner.children
        }
        return .above(node.id, node.block, children)
    }
}
