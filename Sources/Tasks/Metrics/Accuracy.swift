/// The share of examples whose class is right.
package enum Accuracy: Metric {
    package static let name = "accuracy"

    package static func fits(_ answers: any Answers) -> Bool {
        (answers as? any CountedAnswers).map { type(of: $0).isExclusive } ?? false
    }

    package static func value(_ counts: ClassCounts) -> Double {
        counts.total > 0 ? Double(counts.correct.reduce(0, +)) / Double(counts.total) : 0
    }
}
