import Adapters
import Bundles
import Models
import Numerics

extension Network {
    /// The bundle that this arrangement becomes, without its tensors.
    func skeleton(name: String, base: BaseIdentity) throws -> AdapterBundle {
        var bundle = AdapterBundle(
            name: name, base: base,
            members: try arrangement.members.map { try $0.saved() }.sorted { $0.name < $1.name },
            composition: arrangement.composition, overlay: overlay, heads: arrangement.heads)
        bundle.language = arrangement.language?.reference
        return bundle
    }

    /// What learns besides adapters, blocks and heads.
    private var overlay: AdapterBundle.Overlay? {
        let names = arrangement.trainable.map(\.name)
        if names.contains(where: { $0.hasPrefix("base/") }) { return .base }
        return names.contains { $0.hasPrefix(MaskedLanguageHead.scope + "/") } ? .languageHead : nil
    }

    /// The arrangement with its present numbers, as a bundle.
    package func bundle(name: String, base: BaseIdentity, provenance: Provenance) throws -> AdapterBundle {
        var bundle = try skeleton(name: name, base: base)
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
