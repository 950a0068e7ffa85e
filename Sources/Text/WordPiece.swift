/// WordPiece: from left to right the longest token that fits; a word that cannot be spelled is one unknown token.
struct WordPiece: SubwordModel {
    static let name = "WordPiece"

    let vocabulary: Vocabulary
    private let unknown: Int32
    private let longestWord: Int
    private let prefix: String
    /// Where tokens inside a word begin: the node of the prefix `##`; nil if no token has it.
    private let inside: Int32?

    /// - Parameters:
    ///   - unknown: the id of the token for words that cannot be spelled
    ///   - prefix: what tokens inside a word begin with in the vocabulary
    ///   - longestWord: longer words are unknown, in scalars
    init(vocabulary: Vocabulary, unknown: Int32, prefix: String, longestWord: Int) {
        self.vocabulary = vocabulary
        self.unknown = unknown
        self.longestWord = longestWord
        self.prefix = prefix
        inside = vocabulary.trie.node(of: prefix.unicodeScalars)
    }

    func write(to identity: inout TokenizerIdentity) {
        identity.add(Self.name)
        identity.add(prefix)
        identity.add(longestWord)
        identity.add(Int(unknown))
        vocabulary.write(to: &identity)
    }

    func appendTokens(
        of units: [NormalizedText.Unit], _ range: Range<Int>, to tokens: inout [SubwordToken]
    ) {
        guard range.count <= longestWord else {
            tokens.append(SubwordToken(id: unknown, range: range))
            return
        }
        let first = tokens.count
        var start = range.lowerBound
        var from: Int32? = ScalarTrie.root
        while start < range.upperBound {
            var found: (id: Int32, end: Int)?
            var node = from
            var index = start
            while let at = node, index < range.upperBound {
                node = vocabulary.trie.next(at, units[index].scalar)
                index += 1
                if let node, let id = vocabulary.trie.value(node) { found = (id, index) }
            }
            guard let found else {
                tokens.removeSubrange(first...)
                tokens.append(SubwordToken(id: unknown, range: range))
                return
            }
            tokens.append(SubwordToken(id: found.id, range: start..<found.end))
            start = found.end
            from = inside
        }
    }
}
