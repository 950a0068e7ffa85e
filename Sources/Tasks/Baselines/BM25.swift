/// Ranks documents by the words that they share with a query, as `BM25Index` weights them.
package enum BM25: Baseline {
    package static let label = "BM25"

    package static func answers(_ data: TaskData, metric: any Metric.Type) -> (any Answers)? {
        guard let collection = data.test.lazy.compactMap({ $0.retrieval?.collection }).first else { return nil }
        let index = BM25Index(collection.texts)
        return RankingAnswers(data.test) { query in
            index.ranking(query.words, top: Ranking.depth, among: query.among).map(\.document)
        }
    }
}

extension RetrievalQuery {
    /// All that a query says: of a mention its text and what stands around it.
    var words: String { context.map { query + "\n" + $0 } ?? query }
}

extension RankingAnswers {
    /// The rankings of the examples that can be scored.
    init(_ examples: [Example], ranking: (RetrievalQuery) -> [Int]) {
        let queries = examples.filter(\.isScored).compactMap(\.retrieval)
        self.init(predicted: queries.map(ranking), gold: queries.map(\.gold))
    }
}
