import Adapters
import Bundles
import Files
import Numerics

/// A trained fusion whose attention a new one starts with: over the same parts, with the same tensors.
struct FusionStart {
    private let bundle: AdapterBundle
    private let node: CompositionNode
    private let fuse: Fuse

    /// - Throws: `BundleError.members` for a bundle that is no fusion
    init(_ bundle: AdapterBundle) throws {
        guard case .block(let node)? = bundle.composition, let fuse = node.block as? Fuse else {
            throw BundleError.members(
                "--init-from: bundle \(bundle.name) is of kind \(bundle.kind.rawValue), expected a fusion; give a bundle "
                    + "that fuse has written")
        }
        self.bundle = bundle
        self.node = node
        self.fuse = fuse
    }

    var configuration: FusionConfiguration { fuse.configuration }

    /// SHA-256 of its configuration and its own tensors.
    var hash: String {
        AdapterBundle.contentHash(
            bundle.tensors.filter { TensorName.scope($0.name) == node.scope }.sorted { $0.name < $1.name },
            of: node.scope, configuration: ConfigurationValue.map(fuse.fields).json)
    }

    /// Its own tensors by the names that the new fusion has for them.
    /// - Throws: `BundleError.members` where the tree does not have one new fusion, over the same parts in the same order
    func tensors(for composed: Composed) throws -> [String: NamedTensor] {
        let new = composed.newFusions
        guard let fusion = new.first, new.count == 1 else {
            throw BundleError.members(
                "--init-from: the composition has \(counted(new.count, "new fusion")), expected one; train them one after "
                    + "the other")
        }
        var own = Composed()
        let part = try own.take(bundle)
        own.finish(part)
        guard case .block(let start)? = own.composition else { return [:] }
        let wanted = start.children.map { own.identity(of: $0) }
        let found = fusion.children.map { composed.identity(of: $0) }
        guard wanted == found else {
            let sameSet = wanted.sorted() == found.sorted()
            throw BundleError.members(
                "--init-from: bundle \(bundle.name) is a fusion of \(own.list(start.children)), found "
                    + "\(composed.list(fusion.children))"
                    + (sameSet ? " in another order; give them in that order" : "; give the same adapters")
                    + ", or only --init-from, which fuses the adapters of the bundle")
        }
        return Dictionary(
            own.tensors.values.filter { TensorName.scope($0.name) == start.scope }.map {
                (fusion.scope + $0.name.dropFirst(start.scope.count), $0)
            }, uniquingKeysWith: { first, _ in first })
    }

    /// A new fusion's tensor with the values of the trained one.
    /// - Throws: `BundleError.members` where the trained one has no such tensor
    static func start(
        _ spec: ParameterSpec, from tensors: [String: NamedTensor], of bundle: AdapterBundle
    ) throws -> ParameterSpec {
        guard let tensor = tensors[spec.name], tensor.shape == spec.shape else {
            throw BundleError.members(
                spec.name.hasSuffix("/value.weight") && tensors[spec.name] == nil
                    ? "--init-from: bundle \(bundle.name) is a fusion without value matrices; use --fusion static"
                    : "--init-from: bundle \(bundle.name) has no tensor \(spec.name) of shape \(spec.shape); use a fusion "
                        + "that was trained on this model")
        }
        var spec = spec
        spec.initializer = .values(tensor.values)
        return spec
    }
}

extension Composed {
    /// Fusions that no bundle has brought.
    var newFusions: [CompositionNode] {
        (composition?.nodes ?? []).filter { $0.block is Fuse && !trainedBlocks.contains($0.scope) }
    }

    /// What a part is, whatever its adapters and blocks are called: equal for parts that compute the same.
    func identity(of part: Composition) -> String {
        switch part {
        case .leaf(let name): hash(ofMember: name) ?? "new adapter"
        case .block(let node):
            Digest.sha256(
                "\(type(of: node.block).kind) \(ConfigurationValue.map(node.block.fields).json) "
                    + "\(trainedBlocks.contains(node.scope) ? blockHash(node) : "")\n"
                    + node.children.map { identity(of: $0) }.joined(separator: "\n"))
        }
    }

    /// Parts with the beginnings of their hashes, for messages.
    fileprivate func list(_ parts: [Composition]) -> String {
        parts.map { "\($0.text) (\(identity(of: $0).prefix(8)))" }.joined(separator: ", ")
    }
}
