/// A number for each layer: one for all, or a map from layers to numbers with a default (`{"0": 8, "default": 16}`), as the
/// `adapters` library has it.
struct LayerFactors: Sendable {
    private var usual: Double
    private var layers: [Int: Double] = [:]

    subscript(layer: Int) -> Double { layers[layer] ?? usual }

    fileprivate init(_ usual: Double, _ layers: [Int: Double] = [:]) { (self.usual, self.layers) = (usual, layers) }
}

extension ConfigurationReader {
    /// - Throws: `AdapterError` for a number that is not over 0, a key that is no layer, or a map without a default
    func layerFactors(_ field: String) throws(AdapterError) -> LayerFactors {
        guard case .map(let map) = self[field] else { return LayerFactors(try number(field, above: 0)) }
        func wrong(_ found: String, _ expected: String) -> AdapterError {
            .field(source: source, field: field, found: found, expected: expected)
        }
        var usual: Double?
        var layers: [Int: Double] = [:]
        for (key, value) in map.sorted(by: { $0.key < $1.key }) {
            guard case .number(let factor) = value, factor > 0, factor.isFinite else {
                throw wrong("\(key): \(value.json)", "a number over 0 for each layer")
            }
            if key == "default" {
                usual = factor
            } else if let layer = Int(key), layer >= 0, layers.updateValue(factor, forKey: layer) == nil {
                continue
            } else {
                throw wrong("\"\(key.prefix(40))\"", "each layer's number once, and \"default\"")
            }
        }
        guard let usual else { throw wrong("a map without \"default\"", "\"default\" for all other layers") }
        return LayerFactors(usual, layers)
    }
}
