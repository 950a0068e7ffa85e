/// Always predicts the position at which the right choice stands most often in the training split, of equal ones the first; for a
/// question with fewer choices, the most frequent position that it has.
package enum FrequentPosition: Baseline {
    package static let label = "most frequent position"

    package static func answers(_ data: TaskData, metric: any Metric.Type) -> (any Answers)? {
        var counts: [Int: Int] = [:]
        for case let answer? in data.train.map({ $0.choices?.answer }) { counts[answer, default: 0] += 1 }
        guard !counts.isEmpty else { return nil }
        let questions = data.test.map(\.choices)
        let predicted = questions.map { question in
            (0..<(question?.choices.count ?? 1)).max {
                (counts[$0] ?? 0, -$0) < (counts[$1] ?? 0, -$1)
            } ?? 0
        }
        return ChoiceAnswers(predicted: predicted, of: questions)
    }
}
