import Tasks

/// A head's results beside the true answers of the examples that can be scored.
package struct HeadAnswers {
    package let answers: any Answers
    /// Indices of the scored examples, in the answers' order.
    package let scored: [Int]
    /// Scored examples with an answer that the head does not know.
    package let unknown: Int

    package init(_ answers: any Answers, scored: [Int], unknown: Int = 0) {
        self.answers = answers
        self.scored = scored
        self.unknown = unknown
    }
}
