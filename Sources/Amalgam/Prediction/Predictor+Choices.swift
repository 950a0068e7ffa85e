import Files
import Tasks
import Training

/// A question with choices to predict from.
public struct ChoiceQuestion: Sendable, Equatable {
    /// The question.
    public var question: String
    /// Two choices or more.
    public var choices: [String]
    /// A text to read; nil for none.
    public var context: String?

    /// Creates a question.
    /// - Parameters:
    ///   - question: The question.
    ///   - choices: Two or more.
    ///   - context: A text to read.
    public init(_ question: String, choices: [String], context: String? = nil) {
        self.question = question
        self.choices = choices
        self.context = context
    }
}

extension Predictor {
    /// Chooses an answer for each question.
    /// - Parameter questions: Of any number; each with two choices or more.
    /// - Returns: A probability for each choice of each question, in order.
    /// - Throws: ``AmalgamError/Kind/option`` for a question with fewer than two choices, ``AmalgamError/Kind/head`` if the
    ///   head does not choose; `CancellationError`.
    public func choices(of questions: [ChoiceQuestion]) async throws -> [ChoicePrediction] {
        if let place = questions.firstIndex(where: { $0.choices.count < 2 }) {
            let found = counted(questions[place].choices.count, "choice")
            throw AmalgamError.make(
                .option, "question \(place + 1): choices: found \(found), expected two or more", field: "choices",
                found: found, expected: "two or more")
        }
        let examples = questions.enumerated().map { id, question in
            Example(
                id: id, text: question.question,
                payload: Choices(question: question.question, context: question.context, choices: question.choices))
        }
        return try await worker.predictions(examples, of: "choices").compactMap {
            if case .choice(let probabilities) = $0 { ChoicePrediction(probabilities) } else { nil }
        }
    }
}
