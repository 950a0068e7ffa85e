/// When to say that a question has no answer: if the score of no answer exceeds that of the best answer by more than a
/// threshold.
package enum NoAnswerThreshold {
    /// A question whose answer is known.
    package struct Question: Equatable, Sendable {
        /// The score of no answer less that of the best answer.
        package var difference: Double
        /// The score (F1 or exact match) of the best answer.
        package var score: Double
        package var hasAnswer: Bool

        package init(difference: Double, score: Double, hasAnswer: Bool) {
            self.difference = difference
            self.score = score
            self.hasAnswer = hasAnswer
        }
    }

    /// The threshold with the largest sum of scores, as `find_best_thresh` of SQuAD 2.0's script: questions are answered
    /// from the smallest difference on, and an answer that stands gains its score, or costs 1 where there is none. Of equal
    /// ones the smallest. Questions with equal differences are answered together.
    /// - Returns: one of the differences; below all of them if it is best to answer nothing; 0 without questions
    package static func best(_ questions: [Question]) -> Double {
        let sorted = questions.sorted { $0.difference < $1.difference }
        guard let first = sorted.first else { return 0 }
        var threshold = first.difference - 1
        var (sum, best) = (0.0, 0.0)
        for (i, question) in sorted.enumerated() {
            sum += question.hasAnswer ? question.score : -1
            let isLastOfEquals = i + 1 == sorted.count || sorted[i + 1].difference > question.difference
            if isLastOfEquals, sum > best { (best, threshold) = (sum, question.difference) }
        }
        return threshold
    }
}
