/// Several normalisers, one after the other: `"type": "Sequence"`.
struct NormalizerSequence: Normalizer {
    var parts: [any Normalizer]

    func normalize(_ text: inout NormalizedText) {
        for part in parts { part.normalize(&text) }
    }

    func write(to identity: inout TokenizerIdentity) {
        for part in parts { part.write(to: &identity) }
    }
}

/// White space at the ends goes: `"type": "Strip"`.
struct Strip: Normalizer {
    var left: Bool
    var right: Bool

    func write(to identity: inout TokenizerIdentity) {
        guard left || right else { return }
        identity.add("Strip")
        identity.add(left)
        identity.add(right)
    }

    func normalize(_ text: inout NormalizedText) {
        func isSpace(_ unit: NormalizedText.Unit) -> Bool {
            Unicode.Scalar(unit.scalar)?.properties.isWhitespace ?? false
        }
        if right, let last = text.units.lastIndex(where: { !isSpace($0) }) {
            text.units.removeSubrange((last + 1)...)
        } else if right {
            text.units = []
        }
        if left { text.units.removeSubrange(..<(text.units.firstIndex { !isSpace($0) } ?? text.units.count)) }
    }
}

/// Cuts at white space, which is lost: `"type": "WhitespaceSplit"`.
struct WhitespaceSplit: PreTokenizer {
    func write(to identity: inout TokenizerIdentity) { identity.add("WhitespaceSplit") }

    func split(_ text: inout NormalizedText) -> [Range<Int>] {
        var words: [Range<Int>] = []
        var start: Int?
        for (i, unit) in text.units.enumerated() {
            let isSpace = Unicode.Scalar(unit.scalar)?.properties.isWhitespace ?? false
            if isSpace {
                if let from = start { words.append(from..<i) }
                start = nil
            } else if start == nil {
                start = i
            }
        }
        if let from = start { words.append(from..<text.units.count) }
        return words
    }
}

/// Each word of the first splitter goes through the next: `"type": "Sequence"`.
struct PreTokenizerSequence: PreTokenizer {
    var parts: [any PreTokenizer]

    func write(to identity: inout TokenizerIdentity) {
        for part in parts { part.write(to: &identity) }
    }

    func split(_ text: inout NormalizedText) -> [Range<Int>] {
        var units = text.units
        var words = [0..<units.count]
        for part in parts {
            var next: [NormalizedText.Unit] = []
            var ranges: [Range<Int>] = []
            for word in words where !word.isEmpty {
                var inside = NormalizedText(units[word])
                let found = part.split(&inside)
                ranges += found.map { next.count + $0.lowerBound..<next.count + $0.upperBound }
                next += inside.units
            }
            units = next
            words = ranges
        }
        text.units = units
        return words
    }
}
