/// What a bundle keeps of the texts that it was trained on, so that they can be found among another task's test texts: a
/// number of each different text, without a way back to the text.
///
/// 8 bytes for a text and at most 1 MiB: of more texts those with the smallest numbers, which are a random sample.
package struct TextSketch: Equatable, Sendable {
    /// Numbers that a sketch holds at most.
    package static let most = 131_072

    /// Ascending, each once; none is 0.
    package let keys: [UInt64]
    /// How many different texts there were.
    package let texts: Int
    /// Whether it lacks the texts of a part, which came from a bundle without a sketch.
    package private(set) var isPartial = false

    /// - Parameter keys: of any number, in any order; 0 stands for an example without words
    package init(_ keys: some Sequence<UInt64>) {
        let different = Set(keys).subtracting([0]).sorted()
        self.init(keys: Array(different.prefix(Self.most)), texts: different.count)
    }

    /// - Parameter keys: ascending, each once
    package init(keys: [UInt64], texts: Int, isPartial: Bool = false) {
        self.keys = keys
        self.texts = texts
        self.isPartial = isPartial
    }

    /// Whether it has fewer numbers than there were texts.
    package var isSample: Bool { keys.count < texts }

    package func contains(_ key: UInt64) -> Bool {
        var (low, high) = (0, keys.count)
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < key { low = middle + 1 } else { high = middle }
        }
        return low < keys.count && keys[low] == key
    }

    /// The texts of all; a text that two samples left out may count twice.
    /// - Parameter sketches: nil for a part whose texts are not known
    /// - Returns: nil if none is known
    package static func union(_ sketches: [TextSketch?]) -> TextSketch? {
        let known = sketches.compactMap { $0 }
        guard let first = known.first else { return nil }
        let isPartial = known.count < sketches.count || known.contains(where: \.isPartial)
        var all = first
        for other in known.dropFirst() where other.keys != all.keys {
            let both = Set(all.keys).union(other.keys).sorted()
            let outside = (all.texts - all.keys.count) + (other.texts - other.keys.count)
            all = TextSketch(keys: Array(both.prefix(most)), texts: both.count + outside)
        }
        all.isPartial = isPartial
        return all
    }
}
