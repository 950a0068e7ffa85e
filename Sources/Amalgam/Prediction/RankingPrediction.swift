import Tasks
import Training

/// The best documents for a query, or the best entities for a mention.
public struct RankingPrediction: Sendable, Equatable {
    /// A document or an entity.
    public struct Hit: Sendable, Equatable {
        /// Its name.
        public let id: String
        /// Its text.
        public let text: String
        /// How well it fits: the cosine with the query for a head, a sum over words for BM25.
        public let score: Double
    }

    /// The best, best first.
    public let hits: [Hit]

    init(_ hits: [Hit]) { self.hits = hits }

    init(_ prediction: Training.RankingPrediction) {
        hits = prediction.hits.map { Hit(id: $0.id, text: $0.text, score: Double($0.score)) }
    }
}
