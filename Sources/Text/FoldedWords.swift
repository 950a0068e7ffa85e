/// A text as the words that a comparison of texts looks at: NFKC, lower case, without punctuation and white space.
///
/// A word is a run of other characters. Scripts without spaces between words (Han, kana, Thai, Lao, Myanmar, Khmer) have a
/// word in each character, and so has a symbol of ASCII (`+`, `<`, `$`): `1 + 2` and `1 < 2` are different texts. Control and
/// format characters count as absent. A text of punctuation alone has a word in each of its marks.
package enum FoldedWords {
    /// The words of a text as numbers, in order. Equal words have equal numbers on every machine.
    package static func hashes(_ text: String) -> [UInt64] {
        var text = text
        return text.withUTF8 { bytes in
            var folder = WordFolder()
            if bytes.allSatisfy({ $0 < 0x80 }) {
                folder.words.reserveCapacity(bytes.count / 5)
                for byte in bytes { folder.take(UInt32(byte)) }
            } else {
                for scalar in compatible(bytes) { folder.take(scalar) }
            }
            return folder.finished()
        }
    }

    /// The scalars of a text in NFKC.
    private static func compatible(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt32] {
        let scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars.map(\.value)
        var text = NormalizedText(scalars, 0..<scalars.count)
        UnicodeForm(kind: .NFKC).normalize(&text)
        return text.units.map(\.scalar)
    }

    /// A well-mixed number of another (the finalizer of MurmurHash3).
    package static func mixed(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        z = (z ^ (z >> 33)) &* 0xC4CE_B9FE_1A85_EC53
        return z ^ (z >> 33)
    }
}

/// Collects words from scalars.
private struct WordFolder {
    private enum Class: UInt8 { case part, space, mark, single, absent }

    var words: [UInt64] = []
    /// Marks of a text that has no word so far.
    private var marks: [UInt64] = []
    private var word: UInt64 = 0
    private var isInside = false

    private static let ascii: [Class] = (0..<0x80).map { other(UInt32($0)) }

    mutating func take(_ scalar: UInt32) {
        let kind = scalar < 0x80 ? Self.ascii[Int(scalar)] : Self.other(scalar)
        switch kind {
        case .part: ScalarTable.shared.flags[Int(scalar)].contains(.lowers) ? takeLowered(scalar) : add(scalar)
        case .space: end()
        case .mark:
            end()
            if words.isEmpty { marks.append(Self.hash(0, scalar)) }
        case .single:
            end()
            add(scalar)
            end()
        case .absent: break
        }
    }

    mutating func finished() -> [UInt64] {
        end()
        return words.isEmpty ? marks.map { FoldedWords.mixed($0) } : words
    }

    private mutating func takeLowered(_ scalar: UInt32) {
        ScalarTable.shared.forEachLowercase(of: scalar) { add($0) }
    }

    private mutating func add(_ scalar: UInt32) {
        // A sigma at the end of a word is the same letter
        word = Self.hash(word, scalar == 0x3C2 ? 0x3C3 : scalar)
        isInside = true
    }

    private mutating func end() {
        guard isInside else { return }
        words.append(FoldedWords.mixed(word))
        (word, isInside) = (0, false)
    }

    private static func hash(_ word: UInt64, _ scalar: UInt32) -> UInt64 {
        let product = (word ^ UInt64(scalar)) &* 0x9FB2_1C65_1E98_DF25
        return product ^ (product >> 32)
    }

    private static func other(_ scalar: UInt32) -> Class {
        let flags = ScalarTable.shared.flags[Int(scalar)]
        if flags.contains(.space) { return .space }
        if flags.contains(.removed) { return .absent }
        if flags.contains(.punctuation) { return isSymbol(scalar) ? .single : .mark }
        return flags.contains(.ideograph) || isUnspaced(scalar) ? .single : .part
    }

    /// The characters of ASCII that are symbols by their general category.
    private static func isSymbol(_ scalar: UInt32) -> Bool {
        switch Unicode.Scalar(scalar) {
        case "$", "+", "<", "=", ">", "^", "`", "|", "~": true
        default: false
        }
    }

    /// Kana, Thai, Lao, Myanmar, Khmer.
    private static func isUnspaced(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x3041...0x30FF, 0x31F0...0x31FF, 0x0E01...0x0EFF, 0x1000...0x109F, 0x1780...0x17FF: true
        default: false
        }
    }
}
