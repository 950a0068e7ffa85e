/// sentencepiece's way with white space: each space is written as a mark (▁), one stands before the text, and each mark begins
/// a word.
struct Metaspace: PreTokenizer {
    /// When a mark is put before a text that begins with none.
    enum Prepend: String { case always, first, never }

    var mark: UInt32 = 0x2581
    var prepend = Prepend.always
    /// Whether words are cut at all.
    var splits = true

    func write(to identity: inout TokenizerIdentity) {
        identity.add("Metaspace")
        identity.add(Int(mark))
        identity.add(prepend.rawValue)
        identity.add(splits)
    }

    func split(_ text: inout NormalizedText) -> [Range<Int>] {
        for i in text.units.indices where text.units[i].scalar == 0x20 { text.units[i].scalar = mark }
        guard let first = text.units.first else { return [] }
        let prepends =
            switch prepend {
            case .always: true
            case .first: first.start == 0
            case .never: false
            }
        if prepends, first.scalar != mark {
            // It stands for what the first scalar stands for
            text.units.insert(NormalizedText.Unit(scalar: mark, start: first.start, end: first.end), at: 0)
        }
        guard splits else { return [0..<text.units.count] }
        var words: [Range<Int>] = []
        var start = 0
        for i in text.units.indices.dropFirst() where text.units[i].scalar == mark {
            words.append(start..<i)
            start = i
        }
        words.append(start..<text.units.count)
        return words
    }
}
