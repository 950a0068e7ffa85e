/// What a head says of one text or pair: a probability for each class.
public struct ClassPrediction: Sendable, Equatable {
    /// The head's classes.
    public let labels: [String]
    /// A probability for each of `labels`; they sum to 1.
    public let probabilities: [Float]

    init(labels: [String], _ probabilities: [Float]) {
        self.labels = labels
        self.probabilities = probabilities
    }

    /// The most likely class; of equal ones the first.
    public var label: String { labels[best] }

    /// The probability of ``label``.
    public var probability: Float { probabilities[best] }

    /// The probability of a class; nil if the head does not know it.
    public subscript(label: String) -> Float? { labels.firstIndex(of: label).map { probabilities[$0] } }

    /// The most likely classes with their probabilities, the most likely first.
    /// - Parameter count: How many at most.
    public func top(_ count: Int) -> [(label: String, probability: Float)] {
        probabilities.indices.sorted { (-probabilities[$0], $0) < (-probabilities[$1], $1) }.prefix(max(0, count))
            .map { (labels[$0], probabilities[$0]) }
    }

    private var best: Int {
        var best = 0
        for i in probabilities.indices where probabilities[i] > probabilities[best] { best = i }
        return best
    }
}
