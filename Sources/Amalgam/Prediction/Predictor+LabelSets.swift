import Tasks
import Training

extension Predictor {
    /// Gives texts any number of labels.
    /// - Parameter texts: Of any number.
    /// - Returns: The labels of each text, in order.
    /// - Throws: ``AmalgamError/Kind/head`` if the head does not predict sets of labels of single texts; `CancellationError`.
    public func labelSets(of texts: [String]) async throws -> [LabelSetPrediction] {
        try await labelSets(texts.enumerated().map { Example(id: $0, text: $1) })
    }

    /// Gives pairs of texts any number of labels.
    /// - Parameter pairs: Of any number.
    /// - Returns: The labels of each pair, in order.
    /// - Throws: ``AmalgamError/Kind/head`` if the head does not predict sets of labels of pairs; `CancellationError`.
    public func labelSets(ofPairs pairs: [(String, String)]) async throws -> [LabelSetPrediction] {
        try await labelSets(pairs.enumerated().map { Example(id: $0, text: $1.0, pair: $1.1) })
    }

    private func labelSets(_ examples: [Example]) async throws -> [LabelSetPrediction] {
        let labels = labels
        return try await worker.predictions(examples, of: "label sets").compactMap {
            guard case .labelSet(let set, let probabilities) = $0 else { return nil }
            return LabelSetPrediction(labels: labels, set, probabilities)
        }
    }
}
