/// What a head says of one question: a probability for each choice.
public struct ChoicePrediction: Sendable, Equatable {
    /// A probability for each choice, in their order; they sum to 1.
    public let probabilities: [Float]

    init(_ probabilities: [Float]) { self.probabilities = probabilities }

    /// The position of the most likely choice, from 0; of equal ones the first.
    public var answer: Int { probabilities.indices.reduce(0) { probabilities[$1] > probabilities[$0] ? $1 : $0 } }

    /// The probability of ``answer``.
    public var probability: Float { probabilities[answer] }
}
