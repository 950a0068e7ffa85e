/// The share of queries whose first document is relevant: for mentions with one right entity the accuracy of linking
/// (trec_eval's `success_1`).
package enum AccuracyAt1: Metric {
    package static let name = "accuracy_at_1"

    package static func value(_ sums: RankingSums) -> Double { sums.mean(sums.firstRight) }
}
