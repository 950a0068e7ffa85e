import Adapters
import Bundles
import Models
import Numerics

extension Arrangement {
    /// Makes a new adapter's tensors learn, from the values that the adapter begins with on this model.
    /// - Throws: `AdapterError` where the model does not allow the adapter's configuration
    package mutating func train(_ member: Member) throws {
        let model = model
        let start = try member.start(model.architecture) { name in
            guard let weight = model.weight(name) else { throw NumericsError.missingTensor(name) }
            return weight.values
        }
        trainable += start.trainable
        for tensor in start.frozen { frozen[tensor.name] = tensor.weight }
    }
}
