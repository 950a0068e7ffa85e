/// A question about a context, with its answers.
public struct QuestionExample: Sendable, Equatable {
    /// A part of the context.
    public struct Answer: Sendable, Equatable {
        /// As it stands in the context.
        public var text: String
        /// Where it begins, in Unicode code points (`context.unicodeScalars`).
        public var start: Int

        /// Creates an answer.
        /// - Parameters:
        ///   - text: As it stands in the context; not empty.
        ///   - start: Where it begins, in Unicode code points.
        public init(_ text: String, start: Int) {
            self.text = text
            self.start = start
        }
    }

    /// The question.
    public var question: String
    /// What the answer is a part of.
    public var context: String
    /// Alternatives, of which the first is trained on; empty if the context has no answer.
    public var answers: [Answer]
    /// How much it counts in training; see ``ClassificationExample/weight``.
    public var weight: Double
    /// What it belongs to, such as its article; see ``ClassificationExample/group``.
    public var group: String?

    /// Creates an example.
    /// - Parameters:
    ///   - question: The question.
    ///   - context: What the answer is a part of.
    ///   - answers: Alternatives; empty if the context has no answer.
    ///   - weight: How much it counts in training.
    ///   - group: What it belongs to.
    public init(_ question: String, context: String, answers: [Answer], weight: Double = 1, group: String? = nil) {
        self.question = question
        self.context = context
        self.answers = answers
        self.weight = weight
        self.group = group
    }
}
