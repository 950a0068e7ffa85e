/// A document with clusters of mentions that refer to the same thing.
public struct CoreferenceExample: Sendable, Equatable {
    /// The words of each sentence.
    public var sentences: [[String]]
    /// Each with its mentions, whose places count the words of the whole document.
    public var clusters: [[WordMention]]
    /// How much it counts in training; see ``ClassificationExample/weight``.
    public var weight: Double
    /// What it belongs to; see ``ClassificationExample/group``.
    public var group: String?

    /// Creates an example.
    /// - Parameters:
    ///   - sentences: The words of each sentence.
    ///   - clusters: Each with its mentions; empty if nothing is mentioned twice.
    ///   - weight: How much it counts in training.
    ///   - group: What it belongs to.
    public init(_ sentences: [[String]], clusters: [[WordMention]], weight: Double = 1, group: String? = nil) {
        self.sentences = sentences
        self.clusters = clusters
        self.weight = weight
        self.group = group
    }
}
