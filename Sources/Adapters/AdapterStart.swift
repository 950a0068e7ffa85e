import Models
import Numerics

/// What a new adapter begins with where that depends on the base's weights.
package struct AdapterStart {
    /// First values of trainable tensors, by name; the others start as their specs say.
    package var values: [String: [Float]] = [:]
    /// Tensors of its own that are not trained. Bundles hold them only in their saved form (`AdapterMethod.savedTensors`).
    package var frozen: [(name: String, shape: [Int], values: [Float])] = []

    package init() {}
}

extension Member {
    /// Its trainable tensors as a new adapter begins, and those that it keeps frozen, named in full.
    /// - Parameter base: a tensor of the base by its name in `Architecture.tensors`
    /// - Throws: `AdapterError` where the base does not allow the configuration
    package func start(
        _ architecture: Architecture, base: (String) throws -> [Float]
    ) throws -> (trainable: [ParameterSpec], frozen: [(name: String, weight: Weight)]) {
        let start = try configuration.makeMethod().start(architecture) { site in
            guard let weight = site.weight else { return [] }
            return site.ownRows(of: try base(weight), width: site.input)
        }
        let trainable = try specs(architecture).map { spec in
            var spec = spec
            let name = String(spec.name.dropFirst(scope.count + 1))
            if let values = start.values[name] { spec.initializer = .values(values) }
            return spec
        }
        return (trainable, start.frozen.map { ("\(scope)/\($0.name)", Weight($0.values, shape: $0.shape)) })
    }
}

extension SiteSpec {
    /// The projection's rows of a tensor that may hold other projections, too.
    /// - Parameter width: of a row
    func ownRows(of whole: [Float], width: Int) -> [Float] {
        rows.map { Array(whole[$0.lowerBound * width..<$0.upperBound * width]) } ?? whole
    }
}
