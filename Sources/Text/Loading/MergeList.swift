/// Collects the merges of a BPE model and checks each against the vocabulary.
struct MergeList {
    let vocabulary: Vocabulary
    /// What tokens inside a word begin with; the second token of a merge loses it.
    let prefix: String
    private(set) var merges: [(pair: MergeTable.Pair, result: Int32)] = []

    /// Why a merge cannot be used.
    struct Refusal: Error, Equatable {
        var found: String
        var expected: String
    }

    init(vocabulary: Vocabulary, prefix: String) {
        self.vocabulary = vocabulary
        self.prefix = prefix
    }

    /// The tokens of a line of merges.txt: `Ġ t`.
    static func parts(_ line: String) -> [String] {
        line.unicodeScalars.split(separator: " ", omittingEmptySubsequences: false).map { String($0) }
    }

    mutating func append(_ parts: [String]) throws(Refusal) {
        guard parts.count == 2 else {
            throw Refusal(found: "\(parts.count) tokens", expected: "two tokens, separated by one space")
        }
        let second = parts[1].unicodeScalars
        guard second.starts(with: prefix.unicodeScalars) else {
            throw Refusal(
                found: "\"\(parts[1].prefix(40))\"", expected: "a token that begins with \"\(prefix.prefix(40))\"")
        }
        let pair = MergeTable.Pair(first: try id(parts[0]), second: try id(parts[1]))
        let result = parts[0] + String(String.UnicodeScalarView(second.dropFirst(prefix.unicodeScalars.count)))
        merges.append((pair, try id(result)))
    }

    private func id(_ token: String) throws(Refusal) -> Int32 {
        guard let id = vocabulary.id(of: token) else {
            throw Refusal(
                found: "\"\(token.prefix(40))\", which is missing in the vocabulary", expected: "a token of it")
        }
        return id
    }
}
