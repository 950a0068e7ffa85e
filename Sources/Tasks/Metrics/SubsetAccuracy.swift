/// The share of examples whose set of labels is right as a whole; scikit-learn's `accuracy_score` of label indicators.
package enum SubsetAccuracy: Metric {
    package static let name = "subset_accuracy"

    package static func value(_ matches: SetMatches) -> Double {
        matches.total > 0 ? Double(matches.right) / Double(matches.total) : 0
    }
}

/// How many sets of labels are right as a whole.
package struct SetMatches: Statistics, Equatable {
    package private(set) var right = 0
    package private(set) var total = 0

    package init(for answers: LabelSetAnswers) {}

    package mutating func add(_ example: Int, of answers: LabelSetAnswers, times: Int) {
        if answers.predicted[example] == answers.gold[example] { right += times }
        total += times
    }

    package mutating func removeAll() { (right, total) = (0, 0) }
}
