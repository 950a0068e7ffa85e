/// The encoding of a text that comes as words: each token with the word that it belongs to.
package struct WordEncoding: Sendable, Equatable {
    /// Its offsets are in Unicode scalars of the token's own word.
    package var encoding: Encoding
    /// For each token, the index of its word; −1 for special tokens and for tokens of the prefix. A word without tokens
    /// (an empty one, or one that the normalizer removes) does not occur; neither do words after the maximum length.
    package var wordOf: [Int32]
    /// Whether the text was cut: the last words have no tokens, or only some of theirs.
    package var isTruncated: Bool { encoding.isTruncated }

    package init(encoding: Encoding, wordOf: [Int32]) {
        self.encoding = encoding
        self.wordOf = wordOf
    }
}

extension PipelineTokenizer {
    func encode(words: [String], prefix: String, maxLength: Int) -> WordEncoding {
        let room = max(0, maxLength - min(maxLength, postProcessor.addedCount(isPair: false)))
        // One token more than fits shows whether the text is cut
        let most = room < .max ? room + 1 : room
        var run = TokenRun()
        var wordOf: [Int32] = []
        let before = prefix.split(whereSeparator: \.isWhitespace).map { (-1, String($0)) }
        for (index, word) in before + Array(words.enumerated()) {
            if run.ids.count >= most { break }
            run.append(tokens(of: word, most: most - run.ids.count))
            wordOf += repeatElement(Int32(index), count: run.ids.count - wordOf.count)
        }
        let isTruncated = run.ids.count > room
        run.truncate(to: room)
        var encoding = postProcessor.assemble(run, nil)
        encoding.isTruncated = isTruncated
        var next = 0
        let aligned = encoding.sequence.map { sequence -> Int32 in
            guard sequence != Encoding.special else { return -1 }
            defer { next += 1 }
            return wordOf[next]
        }
        return WordEncoding(encoding: encoding, wordOf: aligned)
    }
}
