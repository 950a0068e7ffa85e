/// The mean over classes of F1, weighted by how often each class is the true one; as scikit-learn's
/// `f1_score(average="weighted", zero_division=0)`.
package enum WeightedF1: Metric {
    package static let name = "weighted_f1"
    package static let isShown = false

    package static func fits(_ answers: any Answers) -> Bool {
        (answers as? any CountedAnswers).map { type(of: $0).hasLabels } ?? false
    }

    package static func value(_ counts: ClassCounts) -> Double {
        let sum = (0..<counts.classes).reduce(0.0) { $0 + Double(counts.gold[$1]) * counts.f1($1) }
        let all = counts.gold.reduce(0, +)
        return all > 0 ? sum / Double(all) : 0
    }
}
