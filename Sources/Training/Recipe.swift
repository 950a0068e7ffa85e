import Adapters
import Bundles
import Models
import Numerics

/// What a run trains on top of the frozen base.
package enum Recipe: Sendable {
    /// A head alone.
    case head
    /// One adapter; where `from` is given, it starts from that bundle's adapter.
    case adapter(AdapterConfiguration, from: AdapterBundle?)
    /// Attention over the adapters of these bundles, which stay frozen.
    case fusion([AdapterBundle], FusionConfiguration)
    /// All weights of the base.
    case full

    package var kind: AdapterBundle.Kind {
        switch self {
        case .head: .head
        case .adapter: .adapter
        case .fusion: .fusion
        case .full: .full
        }
    }

    /// The arrangement for these heads, learning tensors included.
    /// - Parameter name: of a new adapter.
    /// - Throws: `AdapterError`, `BundleError` where the bundles do not go together or with the model.
    package func arrangement(model: EncoderModel, heads: [NamedHead], name: String) throws -> Arrangement {
        var arrangement = Arrangement(model: model)
        arrangement.heads = heads
        let encoder = model.architecture
        switch self {
        case .head: break
        case .adapter(let configuration, let source):
            let member = Member(name: name, configuration: configuration)
            arrangement.members = [member]
            arrangement.composition = .leaf(name)
            arrangement.trainable =
                try source.map { try Self.start(member, from: $0, encoder) } ?? member.specs(encoder)
        case .fusion(let bundles, let configuration):
            for bundle in bundles { try Self.take(bundle, into: &arrangement) }
            arrangement.composition = .fuse(arrangement.members.map(\.name))
            arrangement.fusion = configuration
            arrangement.trainable = try configuration.specs(arrangement.members, encoder)
        case .full:
            arrangement.trainable = model.architecture.tensors.compactMap { tensor in
                model.weight(tensor.name).map {
                    ParameterSpec(
                        "base/\(tensor.name)", tensor.shape, .copy($0), isTable: tensor.isTable,
                        decays: tensor.decays)
                }
            }
        }
        for head in heads {
            arrangement.trainable += head.head.specs(hidden: model.configuration.hidden, scope: head.scope)
        }
        return arrangement
    }

    private static func start(_ member: Member, from bundle: AdapterBundle, _ encoder: Architecture) throws
        -> [ParameterSpec]
    {
        guard let source = bundle.members.first, bundle.members.count == 1 else {
            throw BundleError.members(
                "--init-from: bundle \(bundle.name) has \(bundle.members.count) adapters, expected one; give a bundle from train-adapter"
            )
        }
        return try member.specs(encoder).map { spec in
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

    private static func take(_ bundle: AdapterBundle, into arrangement: inout Arrangement) throws {
        guard !bundle.members.isEmpty else {
            throw BundleError.members(
                "bundle \(bundle.name) is of kind \(bundle.kind.rawValue) and has no adapter to fuse; give bundles from "
                    + "train-adapter")
        }
        for member in bundle.members {
            // Two adapters of one name, as two trained on the same task: the later one gets a number
            let taken = Set(arrangement.members.map(\.name))
            let names = [member.name] + (2...taken.count + 2).map { "\(member.name)_\($0)" }
            let fused = Member(
                name: names.first { !taken.contains($0) } ?? member.name, configuration: member.configuration)
            arrangement.members.append(fused)
            for tensor in bundle.tensors where tensor.name.hasPrefix(member.scope + "/") {
                arrangement.frozen[fused.scope + tensor.name.dropFirst(member.scope.count)] =
                    Weight(tensor.values, shape: tensor.shape)
            }
        }
    }
}

extension Recipe {
    /// What a user should know before the run: adapters of a fusion that are the same, whatever they are called.
    package var warnings: [String] {
        guard case .fusion(let bundles, _) = self else { return [] }
        var names: [String: [String]] = [:]
        var order: [String] = []
        for bundle in bundles {
            for member in bundle.members {
                let hash = bundle.contentHash(of: member.scope, configuration: member.configuration.json)
                if names[hash] == nil { order.append(hash) }
                let name = bundle.name == member.name ? member.name : "\(member.name) (in \(bundle.name))"
                names[hash, default: []].append(name)
            }
        }
        return order.compactMap { hash in
            guard let same = names[hash], same.count > 1 else { return nil }
            return "\(same.count) of the adapters to fuse are the same one: \(same.joined(separator: ", ")); each copy "
                + "takes memory and time and adds nothing"
        }
    }
}

extension Network {
    /// The bundle that this arrangement becomes, without its tensors.
    func skeleton(kind: AdapterBundle.Kind, name: String, base: BaseIdentity) throws -> AdapterBundle {
        var bundle = AdapterBundle(
            kind: kind, name: name, base: base,
            members: try arrangement.members.map { try $0.saved() }.sorted { $0.name < $1.name },
            composition: arrangement.composition, fusion: arrangement.fusion, heads: arrangement.heads)
        bundle.language = arrangement.language?.reference
        return bundle
    }

    /// The arrangement with its present numbers, as a bundle.
    package func bundle(kind: AdapterBundle.Kind, name: String, base: BaseIdentity, provenance: Provenance) throws
        -> AdapterBundle
    {
        var bundle = try skeleton(kind: kind, name: name, base: base)
        bundle.provenance = provenance
        let saved = try savedTensors()
        bundle.tensors = try bundle.specs().map { spec in
            if let values = saved[spec.name] { return NamedTensor(spec.name, spec.shape, values) }
            if let parameter = parameters[spec.name] { return NamedTensor(spec.name, spec.shape, parameter.array) }
            guard let weight = arrangement.frozen[spec.name] else { throw NumericsError.missingTensor(spec.name) }
            return NamedTensor(spec.name, spec.shape, weight.values)
        }
        return bundle
    }

    /// The tensors that bundles hold in another form than the one that is trained.
    private func savedTensors() throws -> [String: [Float]] {
        let frozen = OperandTable(trainable: try ParameterBuffer([], seed: 0)) { [parameters, arrangement] name in
            parameters[name].map { Weight(floats: $0.values, shape: $0.shape, owner: parameters) }
                ?? arrangement.frozen[name]
        }
        return try arrangement.members.reduce(into: [:]) { all, member in
            all.merge(try member.savedTensors(arrangement.model.architecture, frozen)) { first, _ in first }
        }
    }
}
