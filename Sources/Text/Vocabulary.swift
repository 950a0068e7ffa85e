/// Tokens and their ids, both ways.
struct Vocabulary: Sendable {
    private(set) var trie = ScalarTrie()
    /// In the order of ids.
    private var entries: [(id: Int32, token: String)] = []

    /// Why an entry is refused.
    struct Refusal: Error, Equatable {
        var token: String
        var found: String
        var expected: String
    }

    /// - Throws: `Refusal` for a token or an id that appears twice
    init(_ tokens: [(token: String, id: Int32)]) throws(Refusal) {
        entries.reserveCapacity(tokens.count)
        for (token, id) in tokens {
            guard id >= 0 else { throw Refusal(token: token, found: "id \(id)", expected: "an id of 0 or more") }
            guard trie.insert(token.unicodeScalars, id) else {
                throw Refusal(token: token, found: "a duplicate token", expected: "each token once")
            }
            entries.append((id, token))
        }
        entries.sort { $0.id < $1.id }
        for (one, other) in zip(entries, entries.dropFirst()) where one.id == other.id {
            throw Refusal(
                token: other.token, found: "id \(other.id), the same as for '\(one.token)'",
                expected: "one token per id")
        }
    }

    var count: Int { entries.count }

    /// All tokens in the order of their ids.
    func forEach(_ body: (_ id: Int32, _ token: String) -> Void) {
        for entry in entries { body(entry.id, entry.token) }
    }

    /// One more than the highest id.
    var size: Int { entries.last.map { Int($0.id) + 1 } ?? 0 }

    func id(of token: String) -> Int32? {
        trie.node(of: token.unicodeScalars).flatMap { trie.value($0) }
    }

    func token(_ id: Int32) -> String? {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low < entries.count && entries[low].id == id ? entries[low].token : nil
    }
}
