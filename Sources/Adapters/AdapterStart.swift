import Models
import Numerics

/// What a new adapter begins with where that depends on the base's weights.
package struct AdapterStart {
    /// First values of trainable tensors, by name; the others start as their specs say.
    package var values: [String: [Float]] = [:]
    /// By name, trainable tensors [rows, hidden] that begin as the word embeddings of a text's tokens, with the model's special
    /// tokens around them: the tokens from the first on, again and again, until there is one for each row.
    package var texts: [String: String] = [:]
    /// Tensors of its own that are not trained. Bundles hold them only in their saved form (`AdapterMethod.savedTensors`).
    package var frozen: [(name: String, shape: [Int], values: [Float])] = []

    package init() {}
}

extension Member {
    /// Its trainable tensors as a new adapter begins, and those that it keeps frozen, named in full.
    /// - Parameters:
    ///   - base: a tensor of the base by its name in `Architecture.tensors`
    ///   - embeddings: of a text's tokens, as `AdapterStart.texts` wants them, so many rows; nil: no tokenizer is at hand
    /// - Throws: `AdapterError` where the base does not allow the configuration
    package func start(
        _ architecture: Architecture, base: (String) throws -> [Float],
        embeddings: ((_ text: String, _ rows: Int) throws -> [Float])? = nil
    ) throws -> (trainable: [ParameterSpec], frozen: [(name: String, weight: Weight)]) {
        let start = try configuration.makeMethod().start(architecture) { site in
            guard let weight = site.weight else { return [] }
            return site.ownRows(of: try base(weight), width: site.input)
        }
        let trainable = try specs(architecture).map { spec in
            var spec = spec
            let name = String(spec.name.dropFirst(scope.count + 1))
            if let values = start.values[name] { spec.initializer = .values(values) }
            if let text = start.texts[name] {
                guard let embeddings else {
                    throw AdapterError.field(
                        source: "adapter \(self.name)", field: "prompt_init_text", found: "a text",
                        expected: "a tokenizer, which only a training with the model's folder has")
                }
                spec.initializer = .values(try embeddings(text, spec.shape[0]))
            }
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
