import Text

/// Windows of a document that together hold each of its words once.
enum DocumentWindows {
    /// - Parameters:
    ///   - sentences: words of each
    ///   - maxLength: of a window in tokens, including special tokens and those of the prefix
    /// - Returns: at least one window, with the words' places in the document. A word with more tokens than fit is cut.
    static func encode(
        _ words: [String], sentences: [Int], _ tokenizer: any Tokenizer, prefix: String, maxLength: Int
    ) -> [WordEncoding] {
        let whole = tokenizer.encode(words: words, prefix: prefix, maxLength: .max)
        guard whole.encoding.ids.count > maxLength else { return [whole] }
        var lengths = [Int](repeating: 0, count: words.count)
        for word in whole.wordOf where word >= 0 { lengths[Int(word)] += 1 }
        let room = maxLength - (whole.encoding.ids.count - lengths.reduce(0, +))
        return ranges(lengths, sentences: sentences, room: room).map { range in
            var window = tokenizer.encode(words: Array(words[range]), prefix: prefix, maxLength: maxLength)
            window.wordOf = window.wordOf.map { $0 >= 0 ? $0 + Int32(range.lowerBound) : $0 }
            return window
        }
    }

    /// As many sentences in each as fit; a sentence that does not fit into a window begins one of its own and is cut after words.
    /// - Parameters:
    ///   - lengths: tokens of each word
    ///   - room: tokens of words that a window holds
    static func ranges(_ lengths: [Int], sentences: [Int], room: Int) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var (first, next, used) = (0, 0, 0)
        func close() {
            if next > first { ranges.append(first..<next) }
            (first, used) = (next, 0)
        }
        for count in sentences {
            let end = next + count
            if used + lengths[next..<end].reduce(0, +) > room { close() }
            while next < end {
                if used + lengths[next] > room { close() }
                used += lengths[next]
                next += 1
            }
        }
        close()
        return ranges.isEmpty ? [0..<lengths.count] : ranges
    }
}
