/// What Python's `str` and `re` make of text, for reference implementations that are written in Python.
enum PythonText {
    /// `str.lower`.
    static func lowercased(_ text: String) -> [Unicode.Scalar] {
        let scalars = text.unicodeScalars
        var lower: [Unicode.Scalar] = []
        lower.reserveCapacity(text.utf8.count)
        for index in scalars.indices {
            let scalar = scalars[index]
            if scalar.isASCII {
                lower.append(
                    (0x41...0x5A).contains(scalar.value) ? Unicode.Scalar(UInt8(scalar.value) + 32) : scalar)
            } else if scalar == "\u{3A3}" {
                lower.append(isFinalSigma(index, in: scalars) ? "\u{3C2}" : "\u{3C3}")
            } else {
                lower += scalar.properties.lowercaseMapping.unicodeScalars
            }
        }
        return lower
    }

    /// `\w`: `str.isalnum` or the underscore.
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

    /// `str.isspace`, at which `str.split` cuts: white space, and the four separators of ASCII.
    static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        (0x1C...0x1F).contains(scalar.value) || scalar.properties.isWhitespace
    }

    /// `string.punctuation`.
    static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
        default: false
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
