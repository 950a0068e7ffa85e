import Bundles
import Models
import Tasks
import Training

extension Predictor {
    /// A predictor of the bare model: texts are compared by their pooled outputs, as in models of sentence-transformers. Nothing is
    /// trained; it is what an adapter for retrieval starts from.
    /// - Parameters:
    ///   - model: Best one that was made for it.
    ///   - options: ``PredictorOptions/maxLength``, ``PredictorOptions/precision`` and ``PredictorOptions/threads``.
    /// - Throws: ``AmalgamError/Kind/option``.
    public convenience init(
        embedding model: Model, options: PredictorOptions = PredictorOptions()
    ) throws(AmalgamError) {
        let bundle = try translated { try model.session(threads: 1).bareRanking() }
        try self.init(model, AdapterBundle(bundle), options: options)
    }

    /// Embeds texts as queries: rows of length 1, whose products are cosines.
    /// - Parameter texts: Of any number.
    /// - Returns: A row for each text, in order, as wide as the model's hidden states.
    /// - Throws: ``AmalgamError/Kind/head`` if the head does not rank documents; `CancellationError`.
    public func embeddings(of texts: [String]) async throws -> [[Float]] {
        try worker.checkForm("rankings")
        let worker = worker
        return try await Background.run(on: worker.queue) { worker.predictor.embeddings(ofQueries: texts) }
    }

    /// Ranks candidates for mentions.
    /// - Parameter mentions: Each with a text, the range of the mention in its Unicode code points, and two or more candidates by
    ///   their names.
    /// - Returns: The candidates of each mention, best first.
    /// - Throws: ``AmalgamError/Kind/option`` for a range outside the text; ``AmalgamError/Kind/head`` if the head does not rank;
    ///   `CancellationError`.
    public func entities(of mentions: [EntityMention]) async throws -> [RankingPrediction] {
        var examples: [Example] = []
        for (id, mention) in mentions.enumerated() {
            let row = FieldRow(file: "mentions", row: Row(line: id + 1, values: mention.fields), columns: [:])
            examples.append(
                try translated {
                    try EntityLinking.example(
                        from: row, id: id, labels: LabelIndex([], source: .training(file: "")), needsTarget: false)
                })
        }
        return try await worker.predictions(examples.withCandidates, of: "rankings").compactMap {
            if case .ranking(let ranking) = $0 { RankingPrediction(ranking) } else { nil }
        }
    }
}
