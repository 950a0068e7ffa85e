import Training

/// What one head says of one text.
public enum HeadPrediction: Sendable, Equatable {
    /// A probability for each class.
    case classes(ClassPrediction)
    /// A tag for each word.
    case tags([String])
    /// One number or several, in the units of the training data.
    case numbers([Double])
}

extension HeadPrediction {
    /// nil for what several heads say.
    /// - Parameter labels: the head's
    init?(_ prediction: Training.Prediction, labels: [String]) {
        switch prediction {
        case .classes(let probabilities): self = .classes(ClassPrediction(labels: labels, probabilities))
        case .tags(let tags): self = .tags(tags)
        case .numbers(let numbers): self = .numbers(numbers.map { Double($0) })
        case .each, .routed: return nil
        }
    }
}
