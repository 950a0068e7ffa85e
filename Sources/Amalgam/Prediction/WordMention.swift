import Tasks

/// Words of a document that refer to something.
public struct WordMention: Sendable, Hashable {
    /// The place of the first word in the document, from 0.
    public var first: Int
    /// The place of the last word.
    public var last: Int

    /// Creates a mention.
    /// - Parameters:
    ///   - first: The place of the first word in the document, from 0.
    ///   - last: The place of the last word, not before the first and in the same sentence.
    public init(_ first: Int, _ last: Int) {
        self.first = first
        self.last = last
    }

    init(_ mention: Mention) { self.init(mention.first, mention.last) }
}
