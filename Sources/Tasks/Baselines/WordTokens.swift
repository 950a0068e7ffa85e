/// Splits text into lower-case words as scikit-learn's vectorizers do: Python's `str.lower` and `\b\w\w+\b`.
///
/// A word is a run of at least two letters, numbers or underscores. Marks are none of these, so scripts that write
/// vowels as marks break there, in Python as here. (Words are bytes, not strings: Swift's strings compare by canonical
/// equivalence, Python's do not.)
enum WordTokens {
    static func words(in text: String, lowercase: Bool) -> [[UInt8]] {
        var words: [[UInt8]] = []
        var word: [UInt8] = []
        var length = 0

        func end() {
            if length >= 2 { words.append(word) }
            word.removeAll(keepingCapacity: true)
            length = 0
        }

        func take(_ scalar: Unicode.Scalar) {
            if isWord(scalar) {
                word.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
                length += 1
            } else {
                end()
            }
        }

        let scalars = text.unicodeScalars
        for index in scalars.indices {
            let scalar = scalars[index]
            if !lowercase {
                take(scalar)
            } else if scalar.isASCII {
                let isCapital = (0x41...0x5A).contains(scalar.value)
                take(isCapital ? Unicode.Scalar(UInt8(scalar.value) + 32) : scalar)
            } else if scalar == "\u{3A3}" {
                take(isFinalSigma(index, in: scalars) ? "\u{3C2}" : "\u{3C3}")
            } else {
                for lower in scalar.properties.lowercaseMapping.unicodeScalars { take(lower) }
            }
        }
        end()
        return words
    }

    /// Python's `\w`: `str.isalnum` or the underscore.
    static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII {
            switch scalar.value {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: return true
            default: return false
            }
        }
        let properties = scalar.properties
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return true
        default: return properties.numericType != nil
        }
    }

    /// Unicode's Final_Sigma: a cased letter before, none after, case-ignorable characters passed over.
    private static func isFinalSigma(_ index: String.Index, in scalars: String.UnicodeScalarView) -> Bool {
        func isCased(_ scalar: Unicode.Scalar?) -> Bool { scalar?.properties.isCased ?? false }
        let before = scalars[..<index].reversed().first { !$0.properties.isCaseIgnorable }
        let after = scalars[scalars.index(after: index)...].first { !$0.properties.isCaseIgnorable }
        return isCased(before) && !isCased(after)
    }
}
