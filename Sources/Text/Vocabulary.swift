/// Pieces and their ids, both ways.
struct Vocabulary: Sendable {
    private(set) var trie = ScalarTrie()
    /// In the order of ids.
    private var entries: [(id: Int32, piece: String)] = []

    /// Why an entry cannot be taken.
    struct Refusal: Error, Equatable {
        var piece: String
        var found: String
        var expected: String
    }

    /// - Throws: `Refusal` for a piece or an id that comes twice
    init(_ pieces: [(piece: String, id: Int32)]) throws(Refusal) {
        entries.reserveCapacity(pieces.count)
        for (piece, id) in pieces {
            guard id >= 0 else { throw Refusal(piece: piece, found: "id \(id)", expected: "an id of 0 or more") }
            guard trie.insert(piece.unicodeScalars, id) else {
                throw Refusal(piece: piece, found: "a duplicate token", expected: "each token once")
            }
            entries.append((id, piece))
        }
        entries.sort { $0.id < $1.id }
        for (one, other) in zip(entries, entries.dropFirst()) where one.id == other.id {
            throw Refusal(
                piece: other.piece, found: "id \(other.id), the same as for '\(one.piece)'",
                expected: "one token per id")
        }
    }

    var count: Int { entries.count }

    /// All pieces in the order of their ids.
    func forEach(_ body: (_ id: Int32, _ piece: String) -> Void) {
        for entry in entries { body(entry.id, entry.piece) }
    }

    /// One more than the highest id.
    var size: Int { entries.last.map { Int($0.id) + 1 } ?? 0 }

    func id(of piece: String) -> Int32? {
        trie.node(of: piece.unicodeScalars).flatMap { trie.value($0) }
    }

    func piece(_ id: Int32) -> String? {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low < entries.count && entries[low].id == id ? entries[low].piece : nil
    }
}
