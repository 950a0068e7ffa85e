/// Answers that are counted by class, which is all that accuracy, F1 and Matthews' correlation read: one class for each
/// example, a set of labels, or the position of a choice.
package protocol CountedAnswers: Answers {
    /// Whether an example has exactly one class, so that a share of right examples makes sense.
    static var isExclusive: Bool { get }
    /// Whether a class means the same in all examples, as a label does and the position of a choice does not.
    static var hasLabels: Bool { get }
    /// Number of classes, those included that are never predicted.
    var classes: Int { get }

    /// Adds an example to counts.
    /// - Parameters:
    ///   - example: its index
    ///   - times: how often it counts, at least 1
    func count(_ example: Int, times: Int, in counts: inout ClassCounts)
}

extension ClassAnswers: CountedAnswers {
    package static let isExclusive = true
    package static let hasLabels = true

    package func count(_ example: Int, times: Int, in counts: inout ClassCounts) {
        counts.add(predicted: predicted[example], gold: gold[example], times: times)
    }
}
