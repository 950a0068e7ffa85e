/// F1 over all decisions together: 2·Σ correct / (Σ true + Σ predicted), as scikit-learn's `f1_score(average="micro")`.
///
/// Where each example has one class and gets one prediction, it equals accuracy.
package enum MicroF1: Metric {
    package static let name = "micro_f1"
    package static let isShown = false

    package static func fits(_ answers: any Answers) -> Bool {
        (answers as? any CountedAnswers).map { type(of: $0).hasLabels } ?? false
    }

    package static func value(_ counts: ClassCounts) -> Double {
        let both = counts.gold.reduce(0, +) + counts.predicted.reduce(0, +)
        return both > 0 ? 2 * Double(counts.correct.reduce(0, +)) / Double(both) : 0
    }
}
