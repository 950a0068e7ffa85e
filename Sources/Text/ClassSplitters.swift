/// What becomes of the matches of a splitter (`tokenizers`' SplitDelimiterBehavior).
enum SplitBehavior: String {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    case contiguous = "Contiguous"

    /// The words of a text, not empty.
    /// - Parameter matches: parts of the text in order, all of it together, each a match or not
    func words(_ parts: [(range: Range<Int>, isMatch: Bool)]) -> [Range<Int>] {
        var words: [Range<Int>] = []
        var wasMatch = false
        for (range, isMatch) in parts where !range.isEmpty {
            defer { wasMatch = isMatch }
            let joins: Bool
            switch self {
            case .removed:
                if !isMatch { words.append(range) }
                continue
            case .isolated: joins = false
            case .contiguous: joins = isMatch == wasMatch
            case .mergedWithPrevious: joins = isMatch && !wasMatch
            case .mergedWithNext: joins = !isMatch && wasMatch
            }
            if joins, let last = words.indices.last {
                words[last] = words[last].lowerBound..<range.upperBound
            } else {
                words.append(range)
            }
        }
        return words
    }
}

/// Cuts at scalars of a class: `"type": "Punctuation"`, `"Digits"` or `"CharDelimiterSplit"`.
struct ClassSplitter: PreTokenizer {
    enum Class: Equatable {
        case punctuation, numbers
        case scalar(UInt32)
    }

    var matches: Class
    var behavior: SplitBehavior

    func write(to identity: inout TokenizerIdentity) {
        identity.add("ClassSplitter")
        switch matches {
        case .punctuation: identity.add("punctuation")
        case .numbers: identity.add("numbers")
        case .scalar(let scalar):
            identity.add("scalar")
            identity.add(Int(scalar))
        }
        identity.add(behavior.rawValue)
    }

    private func isMatch(_ scalar: UInt32) -> Bool {
        switch matches {
        case .punctuation: ScalarTable.shared.flags[Int(scalar)].contains(.punctuation)
        case .numbers: FormTable.shared.isNumber(scalar)
        case .scalar(let one): scalar == one
        }
    }

    func split(_ text: inout NormalizedText) -> [Range<Int>] {
        var parts: [(range: Range<Int>, isMatch: Bool)] = []
        for (i, unit) in text.units.enumerated() {
            let isMatch = isMatch(unit.scalar)
            // Each match is one scalar; what lies between matches is one part
            if !isMatch, let last = parts.indices.last, !parts[last].isMatch {
                parts[last].range = parts[last].range.lowerBound..<i + 1
            } else {
                parts.append((i..<i + 1, isMatch))
            }
        }
        return behavior.words(parts)
    }
}

/// Words and runs of other signs: `"type": "Whitespace"`, `\w+|[^\w\s]+`.
struct Whitespace: PreTokenizer {
    func write(to identity: inout TokenizerIdentity) { identity.add("Whitespace") }

    func split(_ text: inout NormalizedText) -> [Range<Int>] {
        var words: [Range<Int>] = []
        var kind = 0
        var start = 0
        for (i, unit) in text.units.enumerated() {
            let isSpace = ScalarTable.shared.flags[Int(unit.scalar)].contains(.space)
            let next = isSpace ? 0 : FormTable.shared.isWord(unit.scalar) ? 1 : 2
            guard next != kind else { continue }
            if kind != 0 { words.append(start..<i) }
            (kind, start) = (next, i)
        }
        if kind != 0 { words.append(start..<text.units.count) }
        return words
    }
}
