/// The encoding of a text that comes as words: each token with the word that it belongs to.
package struct WordEncoding: Sendable, Equatable {
    /// Its offsets are in Unicode scalars of the token's own word.
    package var encoding: Encoding
    /// For each token, the index of its word; −1 for special tokens and for tokens of the prefix. A word without tokens
    /// (an empty one, or one that the normalizer removes) does not occur; neither do words after the maximum length.
    package var wordOf: [Int32]
    /// For each word, the token that stands there, where the encoding hides it; empty where it hides none.
    package var hidden: [Int32] = []
    /// Whether the text was cut: the last words have no tokens, or only some of theirs.
    package var isTruncated: Bool { encoding.isTruncated }

    package init(encoding: Encoding, wordOf: [Int32], hidden: [Int32] = []) {
        self.encoding = encoding
        self.wordOf = wordOf
        self.hidden = hidden
    }

    /// - Parameter words: the word of each token of the text, without special tokens
    init(encoding: Encoding, wordsOfTextTokens words: [Int32]) {
        self.encoding = encoding
        var next = 0
        wordOf = encoding.sequence.map { sequence in
            guard sequence != Encoding.special else { return -1 }
            defer { next += 1 }
            return words[next]
        }
    }
}
