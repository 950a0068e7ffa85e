/// The regular expressions by which byte-level tokenizers split texts into words, by the models that made them common.
///
/// Each is written out, as their full syntax would be a library. Every scalar of a text is in a match.
enum WordPattern: String, CaseIterable, Sendable {
    case gpt2
    /// Also GPT-4's. Letters may have one other sign before them, and numbers have at most three digits.
    case llama3
    /// The same with numbers of one digit.
    case qwen2

    /// As `tokenizer.json` has it.
    var regex: String {
        switch self {
        case .gpt2: #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
        case .llama3: Self.later(numbers: #"\p{N}{1,3}"#)
        case .qwen2: Self.later(numbers: #"\p{N}"#)
        }
    }

    private static func later(numbers: String) -> String {
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + numbers
            + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    }

    init?(regex: String) {
        guard let known = Self.allCases.first(where: { $0.regex.utf8.elementsEqual(regex.utf8) }) else { return nil }
        self = known
    }

    /// The matches, one after the other.
    func words(_ units: [NormalizedText.Unit]) -> [Range<Int>] {
        switch self {
        case .gpt2: return ByteLevel.words(units)
        case .llama3, .qwen2:
            let digits = self == .llama3 ? 3 : 1
            var words: [Range<Int>] = []
            words.reserveCapacity(units.count / 4 + 1)
            var start = 0
            while start < units.count {
                let end = Self.wordEnd(units, start, digits: digits)
                words.append(start..<end)
                start = end
            }
            return words
        }
    }

    /// The end of the match at `start`, by the first alternative that matches there.
    private static func wordEnd(_ units: [NormalizedText.Unit], _ start: Int, digits: Int) -> Int {
        let table = LetterTable.shared
        func kind(_ index: Int) -> LetterTable.Kind? {
            index < units.count ? table.kind(units[index].scalar) : nil
        }
        func run(_ kind: LetterTable.Kind, from start: Int, most: Int = .max) -> Int {
            var end = start
            while end < units.count, end - start < most, table.kind(units[end].scalar) == kind { end += 1 }
            return end
        }
        func isLineEnd(_ index: Int) -> Bool { units[index].scalar == 0x0A || units[index].scalar == 0x0D }

        if units[start].scalar == 0x27, let length = contraction(units, start + 1) { return start + 1 + length }
        let first = kind(start)
        if first == .letter { return run(.letter, from: start) }
        if first != .number, !isLineEnd(start), kind(start + 1) == .letter { return run(.letter, from: start + 1) }
        if first == .number { return run(.number, from: start, most: digits) }
        if first == .other || units[start].scalar == 0x20 && kind(start + 1) == .other {
            var end = run(.other, from: start + 1)
            while end < units.count, isLineEnd(end) { end += 1 }
            return end
        }
        // White space: up to its last line end; or all but the last before a word
        let end = run(.space, from: start)
        if let last = (start..<end).last(where: isLineEnd) { return last + 1 }
        return end < units.count && end - start > 1 ? end - 1 : end
    }

    /// The length of `s`, `t`, `re`, `ve`, `m`, `ll` or `d` in either case at `start`; nil if there is none.
    private static func contraction(_ units: [NormalizedText.Unit], _ start: Int) -> Int? {
        func letter(_ index: Int) -> UInt32? {
            guard index < units.count else { return nil }
            let scalar = units[index].scalar
            return (0x41...0x5A).contains(scalar) ? scalar + 0x20 : scalar
        }
        switch letter(start) {
        // The long s has the upper case of s
        case 0x73, 0x17F, 0x74, 0x6D, 0x64: return 1
        case 0x72, 0x76: return letter(start + 1) == 0x65 ? 2 : nil
        case 0x6C: return letter(start + 1) == 0x6C ? 2 : nil
        default: return nil
        }
    }
}

/// Cuts into the matches of a known expression: `"type": "Split"`.
struct PatternSplitter: PreTokenizer {
    var pattern: WordPattern

    func write(to identity: inout TokenizerIdentity) {
        identity.add("Split")
        identity.add(pattern.regex)
    }

    func split(_ text: inout NormalizedText) -> [Range<Int>] { pattern.words(text.units) }
}
