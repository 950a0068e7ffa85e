/// Splits as GPT-2 does and writes each byte of the text's UTF-8 form as one printable character: `"type": "ByteLevel"`.
///
/// A space becomes `Ġ`, and a letter outside ASCII becomes two or more characters. Each of them stands for the whole scalar
/// in the original text.
struct ByteLevel: PreTokenizer {
    /// Whether a space is put before a text that does not begin with one, so that the first word looks like the others.
    var addsPrefixSpace: Bool
    /// Whether the text is split by GPT-2's regular expression; otherwise it is one word.
    var usesRegex: Bool

    /// The scalar for each byte: itself if it is printable in Latin-1, otherwise the next free one from U+0100 on.
    static let scalars: [UInt32] = {
        var scalars: [UInt32] = []
        var next: UInt32 = 0x100
        for byte in UInt32(0)..<256 {
            if (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || (0xAE...0xFF).contains(byte) {
                scalars.append(byte)
            } else {
                scalars.append(next)
                next += 1
            }
        }
        return scalars
    }()
    /// `Ġ`, which stands for a space.
    static let space: UInt32 = 0x120

    func write(to identity: inout TokenizerIdentity) {
        identity.add("ByteLevel")
        identity.add(addsPrefixSpace)
        identity.add(usesRegex)
    }

    var withPrefixSpace: any PreTokenizer { ByteLevel(addsPrefixSpace: true, usesRegex: usesRegex) }

    func split(_ text: inout NormalizedText) -> [Range<Int>] {
        guard let first = text.units.first else { return [] }
        if addsPrefixSpace, first.scalar != 0x20 {
            // It stands for the same part of the original text as the first scalar
            text.units.insert(NormalizedText.Unit(scalar: 0x20, start: first.start, end: first.end), at: 0)
        }
        let words = usesRegex ? Self.words(text.units) : [0..<text.units.count]
        let map = Self.scalars
        var units: [NormalizedText.Unit] = []
        units.reserveCapacity(text.units.count + text.units.count / 8)
        var ranges: [Range<Int>] = []
        ranges.reserveCapacity(words.count)
        for word in words {
            let start = units.count
            for unit in text.units[word] {
                Self.forEachByte(of: unit.scalar) { byte in
                    units.append(NormalizedText.Unit(scalar: map[Int(byte)], start: unit.start, end: unit.end))
                }
            }
            ranges.append(start..<units.count)
        }
        text.units = units
        return ranges
    }

    @inline(__always)
    private static func forEachByte(of scalar: UInt32, _ body: (UInt8) -> Void) {
        func trailing(_ shift: UInt32) -> UInt8 { UInt8(0x80 | scalar >> shift & 0x3F) }
        if scalar < 0x80 {
            body(UInt8(scalar))
        } else if scalar < 0x800 {
            body(UInt8(0xC0 | scalar >> 6))
            body(trailing(0))
        } else if scalar < 0x10000 {
            body(UInt8(0xE0 | scalar >> 12))
            body(trailing(6))
            body(trailing(0))
        } else {
            body(UInt8(0xF0 | scalar >> 18))
            body(trailing(12))
            body(trailing(6))
            body(trailing(0))
        }
    }

    // MARK: The regular expression

    /// The matches of `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`, which cover every text.
    static func words(_ units: [NormalizedText.Unit]) -> [Range<Int>] {
        var words: [Range<Int>] = []
        words.reserveCapacity(units.count / 4 + 1)
        var start = 0
        while start < units.count {
            let end = wordEnd(units, start)
            words.append(start..<end)
            start = end
        }
        return words
    }

    private static func wordEnd(_ units: [NormalizedText.Unit], _ start: Int) -> Int {
        let table = LetterTable.shared
        func kind(_ index: Int) -> LetterTable.Kind { table.kind(units[index].scalar) }
        let scalar = units[start].scalar
        if scalar == 0x27, let length = contraction(units, start + 1) { return start + 1 + length }
        var end = start + 1
        // One space joins the word, number or run of other signs after it
        let isJoined = scalar == 0x20 && end < units.count && kind(end) != .space
        let first = isJoined ? kind(end) : kind(start)
        while end < units.count, kind(end) == first { end += 1 }
        // The last of several spaces before a word belongs to the word, or is a word of its own
        if first == .space, end < units.count, end - start > 1 { end -= 1 }
        return end
    }

    /// The length of `s`, `t`, `re`, `ve`, `m`, `ll` or `d` at `start`; nil if there is none.
    private static func contraction(_ units: [NormalizedText.Unit], _ start: Int) -> Int? {
        guard start < units.count else { return nil }
        switch units[start].scalar {
        case 0x73, 0x74, 0x6D, 0x64: return 1
        case 0x72, 0x76: return start + 1 < units.count && units[start + 1].scalar == 0x65 ? 2 : nil
        case 0x6C: return start + 1 < units.count && units[start + 1].scalar == 0x6C ? 2 : nil
        default: return nil
        }
    }
}
