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
    /// The adapter that is trained from its initial values, or from those of `start`.
    private var new: AdapterConfiguration?
    private var start: AdapterBundle?
    /// Whether all weights of the base learn.
    private var trainsBase = false

    private init() {}

    /// In a tree: the adapter that is to be trained.
    package static let newAdapter = Composition.leaf("")

    /// A head alone.
    package static let head = Recipe()

    /// All weights of the base.
    package static let full: Recipe = {
        var recipe = Recipe()
        recipe.trainsBase = true
        return recipe
    }()

    /// One adapter; where `from` is given, it starts from that bundle's adapter.
    package static func adapter(_ configuration: AdapterConfiguration, from start: AdapterBundle?) -> Recipe {
        var recipe = Recipe()
        recipe.new = configuration
        recipe.start = start
        recipe.composed.finish(newAdapter)
        return recipe
    }

    /// Attention over the adapters of these bundles, which stay frozen. A fusion among the bundles gives its adapters.
    /// - Throws: `BundleError.members` for a bundle without adapters
    package static func fusion(_ bundles: [AdapterBundle], _ configuration: FusionConfiguration) throws -> Recipe {
        var recipe = Recipe()
        var parts: [Composition] = []
        for bundle in bundles {
            let part = try recipe.composed.take(bundle)
            if case .block(let node) = part, node.block is Fuse { parts += node.children } else { parts.append(part) }
        }
        recipe.composed.finish(Composition.above("", Fuse(configuration), parts))
        return recipe
    }

    /// A tree in which the new blocks learn, and the adapter in place of `newAdapter`.
    /// - Parameters:
    ///   - tree: over what `composed` gave for its bundles
    ///   - new: nil: the tree has no new adapter
    package static func composition(
        _ tree: Composition, of composed: Composed, new: AdapterConfiguration? = nil, from start: AdapterBundle? = nil
    ) -> Recipe {
        var recipe = Recipe()
        recipe.composed = composed
        recipe.composed.finish(tree)
        recipe.new = new
        recipe.start = start
        return recipe
    }

    /// Of the bundle that it makes.
    package var kind: AdapterBundle.Kind {
        trainsBase ? .full : .init(composed.composition)
    }

    /// What a user should know before the run.
    package var warnings: [String] { composed.warnings }

    /// The arrangement for these heads, learning tensors included.
    /// - Parameters:
    ///   - name: of a new adapter.
    ///   - tokenizer: the model's, for a new adapter that begins with a text.
    /// - Throws: `AdapterError`, `BundleError` where the bundles do not go together or with the model.
    package func arrangement(
        model: EncoderModel, heads: [NamedHead], name: String, tokenizer: (any Tokenizer)? = nil
    ) throws -> Arrangement {
        var arrangement = Arrangement(model: model)
        arrangement.heads = heads
        var composed = composed
        let own = new.map { composed.add(Member(name: name, configuration: $0)) }
        arrangement.members = composed.members
        arrangement.composition = composed.composition?.renamed { $0.isEmpty ? own?.name ?? $0 : $0 }
        if trainsBase { arrangement.trainBase() }
        let architecture = model.architecture
        for member in composed.members where member.name != own?.name {
            for spec in try member.specs(architecture) { try arrangement.freeze(spec, composed.tensors) }
        }
        if let own {
            if let start {
                arrangement.trainable += try Self.start(own, from: start, architecture)
            } else {
                try arrangement.train(own, tokenizer: tokenizer)
            }
        }
        for spec in try arrangement.composition?.blockSpecs(arrangement.members, architecture) ?? [] {
            if composed.trainedBlocks.contains(TensorName.scope(spec.name)) {
                try arrangement.freeze(spec, composed.tensors)
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
    /// Makes all weights of the base learn, from the values that they have.
    fileprivate mutating func trainBase() {
        trainable += model.architecture.tensors.compactMap { tensor in
            model.weight(tensor.name).map {
                ParameterSpec(
                    "base/\(tensor.name)", tensor.shape, .copy($0), isTable: tensor.isTable, decays: tensor.decays)
            }
        }
    }

    /// - Throws: `BundleError.members` where the tensor is missing or of another shape
    fileprivate mutating func freeze(_ spec: ParameterSpec, _ tensors: [String: NamedTensor]) throws {
        guard let tensor = tensors[spec.name], tensor.shape == spec.shape else {
            throw BundleError.members(
                "\(spec.name): found \(tensors[spec.name].map { "shape \($0.shape)" } ?? "no such tensor"), expected shape "
                    + "\(spec.shape); use bundles that were trained on this model")
        }
        frozen[spec.name] = Weight(tensor.values, shape: tensor.shape)
    }
}
