/// A question with choices, one of which is right.
public struct ChoiceExample: Sendable, Equatable {
    /// The question.
    public var question: String
    /// Two choices or more; examples may differ in how many.
    public var choices: [String]
    /// The position of the right choice, from 0.
    public var answer: Int
    /// A text to read; nil for none.
    public var context: String?
    /// How much it counts in training; see ``ClassificationExample/weight``.
    public var weight: Double
    /// What it belongs to; see ``ClassificationExample/group``.
    public var group: String?

    /// Creates an example.
    /// - Parameters:
    ///   - question: The question.
    ///   - choices: Two or more.
    ///   - answer: The position of the right choice, from 0.
    ///   - context: A text to read.
    ///   - weight: How much it counts in training.
    ///   - group: What it belongs to.
    public init(
        _ question: String, choices: [String], answer: Int, context: String? = nil, weight: Double = 1,
        group: String? = nil
    ) {
        self.question = question
        self.choices = choices
        self.answer = answer
        self.context = context
        self.weight = weight
        self.group = group
    }
}
