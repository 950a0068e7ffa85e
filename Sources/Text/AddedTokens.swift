/// A token that is looked for in the text itself, before the model sees it: `[MASK]`.
struct AddedToken: Sendable, Equatable {
    var content: String
    var id: Int32
    /// Only where no word character stands beside it.
    var singleWord = false
    /// Takes the white space on its left too.
    var stripsLeft = false
    var stripsRight = false
    /// Looked for, itself normalised, in the normalised text; else in the original.
    var isNormalized = false
    /// Stands for no text: left out where ids become text again. Changes no id.
    var isSpecial = false
}

/// Finds added tokens: at each place the longest, from left to right.
struct AddedTokenMatcher: Sendable {
    private var tokens: [AddedToken] = []
    private var trie = ScalarTrie()
    /// First scalars of all patterns, to pass over the rest of the text quickly.
    private var firstASCII = [Bool](repeating: false, count: 128)
    private var firstOther: Set<UInt32> = []

    var isEmpty: Bool { tokens.isEmpty }

    /// - Parameter pattern: what to look for: the token's content, or what the normaliser makes of it
    /// - Returns: false if the pattern is empty or taken
    mutating func add(_ token: AddedToken, pattern: [Unicode.Scalar]) -> Bool {
        guard let first = pattern.first?.value, trie.insert(pattern, Int32(tokens.count)) else { return false }
        tokens.append(token)
        if first < 128 { firstASCII[Int(first)] = true } else { firstOther.insert(first) }
        return true
    }

    /// The ranges of 0..<count, with the id of the added token that each is, or nil for text between them.
    func split(count: Int, scalar: (Int) -> UInt32) -> [(id: Int32?, range: Range<Int>)] {
        guard count > 0 else { return [] }
        guard !isEmpty else { return [(nil, 0..<count)] }
        var parts: [(id: Int32?, range: Range<Int>)] = []
        var done = 0
        var index = 0
        while index < count {
            guard let match = longest(at: index, count, scalar) else {
                index += 1
                continue
            }
            let token = tokens[match.token]
            var start = index
            var end = match.end
            index = end
            if token.singleWord
                && (start > 0 && Self.isWord(scalar(start - 1)) || end < count && Self.isWord(scalar(end)))
            {
                continue
            }
            let flags = ScalarTable.shared.flags
            if token.stripsLeft {
                while start > done && flags[Int(scalar(start - 1))].contains(.space) { start -= 1 }
            }
            if token.stripsRight {
                while end < count && flags[Int(scalar(end))].contains(.space) { end += 1 }
            }
            if done < start { parts.append((nil, done..<start)) }
            parts.append((token.id, start..<end))
            done = end
        }
        if done < count { parts.append((nil, done..<count)) }
        return parts
    }

    private func longest(at start: Int, _ count: Int, _ scalar: (Int) -> UInt32) -> (token: Int, end: Int)? {
        let first = scalar(start)
        guard first < 128 ? firstASCII[Int(first)] : firstOther.contains(first) else { return nil }
        var found: (token: Int, end: Int)?
        var node = ScalarTrie.root
        var index = start
        while index < count, let next = trie.next(node, scalar(index)) {
            node = next
            index += 1
            if let value = trie.value(node) { found = (Int(value), index) }
        }
        return found
    }

    /// `\w` of regular expressions (UTS 18).
    private static func isWord(_ value: UInt32) -> Bool {
        guard let scalar = Unicode.Scalar(value) else { return false }
        let properties = scalar.properties
        if properties.isAlphabetic || properties.isJoinControl { return true }
        switch properties.generalCategory {
        case .decimalNumber, .connectorPunctuation, .nonspacingMark, .spacingMark, .enclosingMark: return true
        default: return false
        }
    }
}
