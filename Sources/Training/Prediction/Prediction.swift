import Tasks

/// What a head predicts for one example, in the form of the head's output.
package enum Prediction: Sendable, Equatable {
    /// A probability for each class; they add up to 1.
    case classes([Float])
    /// A tag for each word, truncated words included; empty: the word has no prediction.
    case tags([String])
    /// The arc of each word to its head, truncated words included.
    case arcs([Arc])
    /// The labels of a set by their indices, ascending, and a probability for each label.
    case labelSet([Int], probabilities: [Float])
    /// A probability for each choice of a question; they add up to 1.
    case choice([Float])
    /// One or several numbers, in the data's units.
    case numbers([Float])
    /// The answer to a question.
    case span(SpanPrediction)
    /// The best documents for a query.
    case ranking(RankingPrediction)
    /// The clusters of mentions of a document.
    case clusters([Cluster])
    /// The most probable tokens at each mask of a text, the most probable first.
    case tokens([[TokenGuess]])
    /// What several heads predict, in their order.
    indirect case each([Prediction])
    /// What one of several heads predicts, by its index.
    indirect case routed(Int, Prediction)

    /// The most likely class; of equal ones the first. 0 for other forms.
    package var best: Int { if case .classes(let probabilities) = self { Evaluator.best(probabilities) } else { 0 } }
}
