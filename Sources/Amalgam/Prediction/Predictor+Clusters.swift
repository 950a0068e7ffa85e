import Tasks

extension Predictor {
    /// Finds what refers to the same thing.
    ///
    /// A document that is longer than the maximum length is read in windows, whose mentions may still be linked.
    /// - Parameter documents: For each the words of its sentences.
    /// - Returns: For each document its clusters, each with its mentions in order.
    /// - Throws: ``AmalgamError/Kind/head`` if the head does not predict clusters; `CancellationError`.
    public func clusters(of documents: [[[String]]]) async throws -> [[[WordMention]]] {
        let examples = documents.enumerated().map { id, sentences in
            let payload = ClusteredTokens(sentences: sentences)
            return Example(id: id, text: payload.tokens.joined(separator: " "), payload: payload)
        }
        return try await worker.predictions(examples, of: "clusters").compactMap {
            if case .clusters(let clusters) = $0 { clusters.map { $0.map { WordMention($0) } } } else { nil }
        }
    }
}
