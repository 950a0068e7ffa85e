/// A text or a pair of texts with any number of labels.
public struct LabelSetExample: Sendable, Equatable {
    /// The text, or the first of a pair.
    public var text: String
    /// The second text of a pair; nil for single texts. All examples of a task have one, or none.
    public var second: String?
    /// Its labels; empty for none.
    public var labels: [String]
    /// How much it counts in training; see ``ClassificationExample/weight``.
    public var weight: Double
    /// What it belongs to; see ``ClassificationExample/group``.
    public var group: String?

    /// Creates an example.
    /// - Parameters:
    ///   - text: The text, or the first of a pair.
    ///   - second: The second text of a pair.
    ///   - labels: Its labels; empty for none.
    ///   - weight: How much it counts in training.
    ///   - group: What it belongs to.
    public init(
        _ text: String, _ second: String? = nil, labels: [String], weight: Double = 1, group: String? = nil
    ) {
        self.text = text
        self.second = second
        self.labels = labels
        self.weight = weight
        self.group = group
    }
}
