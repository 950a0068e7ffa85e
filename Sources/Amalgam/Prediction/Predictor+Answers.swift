import Tasks

extension Predictor {
    /// Answers questions about contexts.
    ///
    /// A long context is read in overlapping windows of the maximum length.
    /// - Parameter questions: Each with its context.
    /// - Returns: An answer for each question, in order: a part of its context, or none if the head knows questions without an
    ///   answer.
    /// - Throws: ``AmalgamError/Kind/head`` if the head does not answer questions; `CancellationError`.
    public func answers(to questions: [(question: String, context: String)]) async throws -> [AnswerPrediction] {
        let examples = questions.enumerated().map { id, each in
            Example(id: id, text: each.question, pair: each.context, payload: AnswerSpans())
        }
        return try await worker.predictions(examples, of: "answers").compactMap {
            if case .span(let span) = $0 { AnswerPrediction(span) } else { nil }
        }
    }
}
