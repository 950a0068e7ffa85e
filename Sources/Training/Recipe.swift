import Adapters
import Bundles
import Files
import Models
import Numerics
import Text

/// What a run trains: what stands on the frozen base, and which of its tensors learn. Heads always learn.
package struct Recipe: Sendable {
    /// Adapters and blocks that exist, with the tree that they and the new ones form.
    private var composed = Composed()
    /// The configuration of adapters that are trained from their initial values, or from those of `start`.
    private var new: AdapterConfiguration?
    private var start: AdapterBundle?
    /// The new fusion starts from this bundle's.
    private var fusionStart: AdapterBundle?
    /// Whether all weights of the base learn.
    private var trainsBase = false
    /// Whether nothing but a linear head learns, which is fitted and not trained in steps.
    package private(set) var isProbe = false

    private init() {}

    /// In a tree: an adapter that is to be trained; each place has an adapter of its own.
    package static let newAdapter = Composition.leaf("")

    /// A head alone.
    package static let head = Recipe()

    /// All weights of the base.
    package static let full: Recipe = {
        var recipe = Recipe()
        recipe.trainsBase = true
        return recipe
    }()

    /// All weights of the base, from those that a bundle gives.
    package static func full(from start: AdapterBundle) -> Recipe {
        var recipe = Recipe.full
        recipe.start = start
        return recipe
    }

    /// A linear head, fitted to what the base gives, or to what adapters on it give.
    /// - Parameters:
    ///   - tree: over what `composed` gave for its bundles; nil: the base alone
    package static func probe(on tree: Composition? = nil, of composed: Composed = Composed()) -> Recipe {
        var recipe = Recipe()
        recipe.isProbe = true
        recipe.composed = composed
        if let tree { recipe.composed.finish(tree) }
        return recipe
    }

    /// One adapter; where `from` is given, it starts from that bundle's adapter.
    package static func adapter(_ configuration: AdapterConfiguration, from start: AdapterBundle?) -> Recipe {
        var recipe = Recipe()
        recipe.new = configuration
        recipe.start = start
        recipe.composed.finish(newAdapter)
        return recipe
    }

    /// Attention over the adapters of these bundles. A fusion among the bundles gives its adapters.
    /// - Parameters:
    ///   - bundles: none: those of `start`
    ///   - configuration: nil: that of `start`, or the dynamic one
    ///   - start: a fusion of the same adapters, whose attention the new one starts with
    /// - Throws: `BundleError.members` for a bundle without adapters
    package static func fusion(
        _ bundles: [AdapterBundle], _ configuration: FusionConfiguration?, from start: AdapterBundle? = nil
    ) throws -> Recipe {
        let configuration = try configuration ?? start.map { try FusionStart($0).configuration } ?? .dynamic
        var recipe = try block(over: bundles.isEmpty ? [start].compactMap { $0 } : bundles) { _ in Fuse(configuration) }
        recipe.fusionStart = start
        return recipe
    }

    /// A block over the adapters of these bundles. A bundle that is a fusion or scalearn itself gives its parts.
    /// - Parameter make: the block for so many parts
    /// - Throws: `BundleError.members` for a bundle without adapters
    package static func block(
        over bundles: [AdapterBundle], _ make: (_ parts: Int) throws -> any CompositionBlock
    ) throws -> Recipe {
        var recipe = Recipe()
        var parts: [Composition] = []
        for bundle in bundles {
            let part = try recipe.composed.take(bundle)
            if case .block(let node) = part, node.block is any EndBlock {
                parts += node.children
            } else {
                parts.append(part)
            }
        }
        recipe.composed.finish(Composition.above("", try make(parts.count), parts))
        return recipe
    }

    /// A tree in which the new blocks learn, and the adapters in place of `newAdapter`.
    /// - Parameters:
    ///   - tree: over what `composed` gave for its bundles
    ///   - new: nil: the tree has no new adapter
    ///   - start: of the new adapter
    ///   - fusionStart: a fusion of the parts that the tree's only new fusion has
    package static func composition(
        _ tree: Composition, of composed: Composed, new: AdapterConfiguration? = nil, from start: AdapterBundle? = nil,
        fusionFrom fusionStart: AdapterBundle? = nil
    ) -> Recipe {
        var recipe = Recipe()
        recipe.composed = composed
        recipe.composed.finish(tree)
        recipe.new = new
        recipe.start = start
        recipe.fusionStart = fusionStart
        return recipe
    }

    /// Of the bundle that it makes.
    package var kind: AdapterBundle.Kind {
        trainsBase ? .full : .init(composed.composition)
    }

    /// What a user should know before the run.
    package var warnings: [String] { composed.warnings }

    /// The texts that the bundles were trained on which it starts from or builds on; nil where they are not known.
    package var texts: [TextSketch?] {
        composed.texts + [start, fusionStart].compactMap { $0 }.map(\.provenance.texts)
    }

    /// What changes of a bundle's content: hashes of the adapters and fusions that it starts from, by their scopes here.
    /// - Parameter unfreezes: whether what comes from bundles learns on
    package func startedFrom(unfreezes: Bool) throws -> [String: String] {
        var hashes = unfreezes ? composed.scopeHashes : [:]
        if let fusionStart, let fuse = composed.newFusions.first {
            hashes[fuse.scope] = try FusionStart(fusionStart).hash
        }
        return hashes
    }

    /// The arrangement for these heads, learning tensors included.
    /// - Parameters:
    ///   - name: of a new adapter; one that serves some of the heads is called after these.
    ///   - tokenizer: the model's, for a new adapter that begins with a text.
    ///   - unfreezing: the learning rate of what comes from bundles, as a factor of the run's; nil: it is frozen.
    /// - Throws: `AdapterError`, `BundleError` where the bundles do not go together or with the model.
    package func arrangement(
        model: EncoderModel, heads: [NamedHead], name: String, tokenizer: (any Tokenizer)? = nil,
        unfreezing: Float? = nil
    ) throws -> Arrangement {
        var arrangement = Arrangement(model: model)
        arrangement.heads = heads
        var composed = composed
        var own: [Member] = []
        arrangement.composition = try composed.composition.map { tree in
            let routed = try tree.routed(for: heads.map(\.name))
            guard let new else { return routed }
            return routed.placing(name) { name in
                let member = composed.add(Member(name: name, configuration: new))
                own.append(member)
                return member.name
            }
        }
        arrangement.members = composed.members
        if trainsBase { try arrangement.trainBase(from: start) }
        let architecture = model.architecture
        for member in composed.members where !own.contains(where: { $0.name == member.name }) {
            for spec in try member.specs(architecture) {
                try arrangement.add(spec, from: composed.tensors, learning: unfreezing)
            }
        }
        for member in own {
            if let start {
                arrangement.trainable += try Self.start(member, from: start, architecture)
            } else {
                try arrangement.train(member, tokenizer: tokenizer)
            }
        }
        let started = try fusionStart.map { try FusionStart($0).tensors(for: composed) } ?? [:]
        for spec in try arrangement.composition?.blockSpecs(arrangement.members, architecture) ?? [] {
            let scope = TensorName.scope(spec.name)
            if composed.trainedBlocks.contains(scope) {
                try arrangement.add(spec, from: composed.tensors, learning: unfreezing)
            } else if let fusionStart, composed.newFusions.contains(where: { $0.scope == scope }) {
                arrangement.trainable.append(try FusionStart.start(spec, from: started, of: fusionStart))
            } else {
                arrangement.trainable.append(spec)
            }
        }
        for head in heads {
            arrangement.trainable += head.head.specs(hidden: model.configuration.hidden, scope: head.scope)
        }
        return arrangement
    }

    private static func start(_ member: Member, from bundle: AdapterBundle, _ architecture: Architecture) throws
        -> [ParameterSpec]
    {
        guard let source = bundle.members.first, bundle.members.count == 1 else {
            throw BundleError.members(
                "--init-from: bundle \(bundle.name) has \(counted(bundle.members.count, "adapter")), expected one; give a "
                    + "bundle from train-adapter"
            )
        }
        guard try member.configuration.makeMethod().savedFields.isEmpty else {
            throw BundleError.members(
                "--init-from: bundle \(bundle.name): bundles do not hold what \(member.configuration.option) trains; use the "
                    + "configuration that it holds: \(source.configuration.option)")
        }
        return try member.specs(architecture).map { spec in
            let theirs = source.scope + spec.name.dropFirst(member.scope.count)
            guard let tensor = bundle.tensors.first(where: { $0.name == theirs }), tensor.shape == spec.shape else {
                throw BundleError.members(
                    "--init-from: bundle \(bundle.name) has no tensor \(theirs) of shape \(spec.shape); use the "
                        + "configuration that it holds: \(source.configuration.option)")
            }
            var start = spec
            start.initializer = .values(tensor.values)
            return start
        }
    }
}

extension Arrangement {
    /// Makes all weights of the base learn, from the values that they have, or that a bundle gives.
    /// - Throws: `BundleError.members` for a bundle without one of them
    fileprivate mutating func trainBase(from start: AdapterBundle?) throws {
        let given = start.map { Dictionary($0.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first }) }
        trainable += try model.architecture.tensors.compactMap { tensor in
            guard let weight = model.weight(tensor.name) else { return nil }
            var spec = ParameterSpec(
                "base/\(tensor.name)", tensor.shape, .copy(weight), isTable: tensor.isTable, decays: tensor.decays)
            guard let start, let given else { return spec }
            guard start.kind == .full, let own = given[spec.name], own.shape == spec.shape else {
                throw BundleError.members(
                    "--init-from: bundle \(start.name): found "
                        + (start.kind == .full ? "no tensor \(spec.name) of shape \(spec.shape)" : start.kind.rawValue)
                        + ", expected a bundle with all weights of this model, such as from finetune")
            }
            spec.initializer = .values(own.values)
            return spec
        }
    }

    /// Adds a tensor that a bundle gives.
    /// - Parameter factor: of its learning rate; nil: it is frozen
    /// - Throws: `BundleError.members` where the tensor is missing or of another shape
    fileprivate mutating func add(
        _ spec: ParameterSpec, from tensors: [String: NamedTensor], learning factor: Float?
    ) throws {
        guard let tensor = tensors[spec.name], tensor.shape == spec.shape else {
            throw BundleError.members(
                "\(spec.name): found \(tensors[spec.name].map { "shape \($0.shape)" } ?? "no such tensor"), expected shape "
                    + "\(spec.shape); use bundles that were trained on this model")
        }
        guard let factor else { return frozen[spec.name] = Weight(tensor.values, shape: tensor.shape) }
        var spec = spec
        spec.initializer = .values(tensor.values)
        spec.rateFactor *= factor
        trainable.append(spec)
    }
}

extension Composition {
    /// The tree with the heads of a training in its routers: those that a router names itself, or one for each part.
    /// - Parameter names: of the heads, in order
    /// - Throws: `AdapterError.composition` for parts and heads that do not match
    fileprivate func routed(for names: [String]) throws -> Composition {
        guard batchSize == nil else {
            throw AdapterError.composition(
                "\(text): found batchsplit in a training, whose texts have no order, expected multitask")
        }
        guard !routers.isEmpty else { return self }
        let tree = try routed { node, router in
            let kind = type(of: router).kind
            guard !(router is Parallel) else {
                throw AdapterError.composition(
                    "\(text): found \(kind) in a training, expected multitask; train its parts one by one, or "
                        + "together as multitask")
            }
            if let heads = router.heads { return heads.map { $0.map(GroupName.safe) } }
            guard type(of: router).sharesParts || node.children.count == names.count else {
                throw AdapterError.composition(
                    "\(kind): found \(counted(node.children.count, "part")) for \(counted(names.count, "task")), expected one "
                        + "for each task; \(type(of: router).option)=[[\"a\", \"b\"], [\"c\"]] gives a part several")
            }
            return names.map { [$0] }
        }
        if let fault = tree.routingFault(heads: names) {
            throw AdapterError.composition("\(text): \(fault.field): found \(fault.found), expected \(fault.expected)")
        }
        return tree
    }

    /// The tree with adapters in place of the new ones.
    /// - Parameters:
    ///   - name: wanted for an adapter that all heads read; those of a router's part are called after its heads
    ///   - make: creates an adapter with a wanted name, and gives the name that it has
    fileprivate func placing(_ name: String, _ make: (String) -> String) -> Composition {
        switch self {
        case .leaf(let leaf): return .leaf(leaf.isEmpty ? make(name) : leaf)
        case .block(let node):
            let router = node.block as? any HeadRouter
            let heads = router.flatMap { type(of: $0).sharesParts ? nil : $0.heads }
            let children = node.children.enumerated().map { i, child in
                child.placing(heads.map { GroupName.safe($0[i].joined(separator: "+")) } ?? name, make)
            }
            return .above(node.id, node.block, children)
        }
    }
}
