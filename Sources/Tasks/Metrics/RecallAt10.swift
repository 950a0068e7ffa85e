/// The share of a query's relevant documents that are among the first ten, averaged over queries (trec_eval's `recall_10`).
package enum RecallAt10: Metric {
    package static let name = "recall_at_10"

    package static func value(_ sums: RankingSums) -> Double { sums.mean(sums.recall) }
}
