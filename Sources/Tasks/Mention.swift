/// Words of a text that refer to something: the places of the first and the last, from 0.
package struct Mention: Hashable, Comparable, Sendable {
    package var first: Int
    package var last: Int

    package init(_ first: Int, _ last: Int) {
        self.first = first
        self.last = last
    }

    package static func < (a: Mention, b: Mention) -> Bool { (a.first, a.last) < (b.first, b.last) }

    /// The words, with a space between two.
    package func text(of words: [String]) -> String {
        words.indices.contains(first) && words.indices.contains(last) && first <= last
            ? words[first...last].joined(separator: " ") : ""
    }
}

/// Mentions of one thing, in order.
package typealias Cluster = [Mention]

extension [Cluster] {
    /// The same clusters, each in order, by their first mentions; empty ones left out.
    package var ordered: [Cluster] {
        map { $0.sorted() }.filter { !$0.isEmpty }.sorted { $0.lexicographicallyPrecedes($1) }
    }
}
