/// Sums of exact matches and of F1, each the best over an example's alternatives.
///
/// The rules are those of SQuAD 2.0's script if at least one question has no answer, else those of SQuAD 1.1's. They differ
/// only in answers without words (such as "The"): 2.0 leaves them out of the alternatives, and says that two are equal.
package struct AnswerScores: Statistics, Equatable {
    package struct Score: Equatable, Sendable {
        package var exact: Double
        package var f1: Double
    }

    package private(set) var count = 0
    package private(set) var exact = 0.0
    package private(set) var f1 = 0.0
    /// Of each example.
    package let scores: [Score]

    package init(for answers: SpanAnswers) {
        let hasUnanswerable = answers.gold.contains { $0.isEmpty }
        scores = zip(answers.predicted, answers.gold).map {
            Self.score($0, $1, hasUnanswerable: hasUnanswerable)
        }
    }

    package mutating func add(_ example: Int, of answers: SpanAnswers, times: Int) {
        count += times
        exact += Double(times) * scores[example].exact
        f1 += Double(times) * scores[example].f1
    }

    package mutating func removeAll() { (count, exact, f1) = (0, 0, 0) }

    /// The score of one prediction.
    /// - Parameters:
    ///   - gold: alternatives; empty: there is no answer
    ///   - hasUnanswerable: whether the data has questions without an answer
    package static func score(_ predicted: String, _ gold: [String], hasUnanswerable: Bool) -> Score {
        let words = AnswerText.words(predicted)
        var alternatives = gold.map(AnswerText.words)
        if hasUnanswerable {
            alternatives.removeAll { $0.isEmpty }
            if alternatives.isEmpty { alternatives = [[]] }
        }
        return Score(
            exact: alternatives.contains { AnswerText.isExact(words, $0) } ? 1 : 0,
            f1: alternatives.map { AnswerText.f1(words, $0, emptyMatches: hasUnanswerable) }.max() ?? 0)
    }
}
