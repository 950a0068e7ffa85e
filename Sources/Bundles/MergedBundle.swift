import Adapters
import Models

extension AdapterBundle {
    /// The bundle's adapters as part of the model: the tensors of the base that they change, as `base/…`. With these in
    /// place of the model's own, the model computes the same without the adapters.
    /// - Throws: `AdapterError` for a method or a composition that cannot be merged; `BundleError` without adapters
    package func merged(into model: EncoderModel) throws -> [NamedTensor] {
        guard let composition else {
            throw BundleError.members("bundle \(name) is of kind \(kind.rawValue) and has no adapter to merge")
        }
        let own = Dictionary(tensors.map { ($0.name, $0.values) }) { first, _ in first }
        func values(_ name: String, _ found: [Float]?) throws -> [Float] {
            guard let found else {
                throw BundleError.content(
                    file: self.name, field: name, found: "missing", expected: "a tensor",
                    fix: "use the model that the bundle was trained on")
            }
            return found
        }
        return try Merge.overlay(
            composition, members: members, architecture: model.architecture,
            adapter: { try values($0, own[$0]) }, base: { try values($0, model.weight($0)?.values) }
        ).map { NamedTensor("base/\($0.name)", $0.shape, $0.values) }
    }
}
