/// BERT's splitter: at white space, which is dropped, and around each punctuation mark, which is a word.
struct BertPreTokenizer: PreTokenizer {
    func write(to identity: inout TokenizerIdentity) { identity.add("BertPreTokenizer") }

    func split(_ text: inout NormalizedText) -> [Range<Int>] {
        let table = ScalarTable.shared
        var words: [Range<Int>] = []
        words.reserveCapacity(text.units.count / 4 + 1)
        var start = 0
        for (index, unit) in text.units.enumerated() {
            let flags = table.flags[Int(unit.scalar)]
            let isSpace = flags.contains(.space)
            guard isSpace || flags.contains(.punctuation) else { continue }
            if start < index { words.append(start..<index) }
            if !isSpace { words.append(index..<index + 1) }
            start = index + 1
        }
        if start < text.units.count { words.append(start..<text.units.count) }
        return words
    }
}
