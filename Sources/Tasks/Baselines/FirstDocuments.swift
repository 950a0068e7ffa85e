/// Gives every query the documents in the order of their collection.
package enum FirstDocuments: Baseline {
    package static let label = "order of the documents"

    package static func answers(_ data: TaskData, metric: any Metric.Type) -> (any Answers)? {
        RankingAnswers(data.test) { query in
            Array((query.among ?? Array(0..<(query.collection?.count ?? 0))).prefix(Ranking.depth))
        }
    }
}
