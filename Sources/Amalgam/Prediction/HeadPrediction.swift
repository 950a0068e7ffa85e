import Training

/// What one head says of one text.
public enum HeadPrediction: Sendable, Equatable {
    /// A probability for each class.
    case classes(ClassPrediction)
    /// A tag for each word.
    case tags([String])
    /// The arc of each word.
    case tree([DependencyArc])
    /// One number or several, in the units of the training data.
    case numbers([Double])
    /// The labels of a set.
    case labelSet(LabelSetPrediction)
    /// One of the choices of a question.
    case choice(ChoicePrediction)
    /// The answer to a question.
    case answer(AnswerPrediction)
    /// The best documents for a query, or the best entities for a mention.
    case ranking(RankingPrediction)
    /// The clusters of a document's mentions.
    case clusters([[WordMention]])
    /// The most probable tokens at each mask of a text, the most probable first.
    case tokens([[MaskedToken]])
}

extension HeadPrediction {
    /// nil for what several heads say.
    /// - Parameter labels: the head's
    init?(_ prediction: Training.Prediction, labels: [String]) {
        switch prediction {
        case .classes(let probabilities): self = .classes(ClassPrediction(labels: labels, probabilities))
        case .tags(let tags): self = .tags(tags)
        case .arcs(let arcs): self = .tree(arcs.map { DependencyArc($0) })
        case .numbers(let numbers): self = .numbers(numbers.map { Double($0) })
        case .labelSet(let set, let probabilities):
            self = .labelSet(LabelSetPrediction(labels: labels, set, probabilities))
        case .choice(let probabilities): self = .choice(ChoicePrediction(probabilities))
        case .span(let span): self = .answer(AnswerPrediction(span))
        case .ranking(let ranking): self = .ranking(RankingPrediction(ranking))
        case .clusters(let clusters): self = .clusters(clusters.map { $0.map { WordMention($0) } })
        case .tokens(let masks): self = .tokens(masks.map { $0.map { MaskedToken($0) } })
        case .each, .routed: return nil
        }
    }
}
