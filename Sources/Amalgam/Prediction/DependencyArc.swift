import Tasks

/// The arc of a word to its head in a dependency tree.
public struct DependencyArc: Sendable, Equatable {
    /// The head's number among the words, from 1; 0 is the root.
    public var head: Int
    /// The relation to the head, such as `nsubj`.
    public var label: String

    /// Creates an arc.
    /// - Parameters:
    ///   - head: The head's number from 1, or 0 for the root.
    ///   - label: The relation; not empty.
    public init(head: Int, label: String) {
        self.head = head
        self.label = label
    }

    init(_ arc: Arc) { self.init(head: arc.head, label: arc.label) }
}
