/// What a head says of one text or pair: any number of labels.
public struct LabelSetPrediction: Sendable, Equatable {
    /// The head's labels.
    public let labels: [String]
    /// A probability for each of ``labels``, each by itself.
    public let probabilities: [Float]
    /// The labels that are given: those whose probability reaches the head's threshold for them.
    public let chosen: [String]

    init(labels: [String], _ set: [Int], _ probabilities: [Float]) {
        self.labels = labels
        self.probabilities = probabilities
        chosen = set.map { labels[$0] }
    }

    /// The probability of a label; nil if the head does not know it.
    public subscript(label: String) -> Float? { labels.firstIndex(of: label).map { probabilities[$0] } }
}
