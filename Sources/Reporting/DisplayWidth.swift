/// How many columns of a terminal a text fills, and cutting and wrapping by columns in place of characters.
package enum DisplayWidth {
    /// Columns of a text: 0 for combining marks and controls, 2 for East Asian wide characters and emoji, else 1.
    package static func of(_ text: String) -> Int { text.reduce(0) { $0 + of($1) } }

    /// Columns of one character as a reader sees it (a grapheme cluster).
    package static func of(_ character: Character) -> Int {
        if let ascii = character.asciiValue { return ascii >= 32 && ascii != 127 ? 1 : 0 }
        var width = 0
        for scalar in character.unicodeScalars {
            if scalar.value == 0xFE0F { return 2 }  // the character before is asked for as an emoji
            width = max(width, of(scalar))
        }
        return width
    }

    /// Makes a text from outside harmless on a terminal: no escape sequences, no tricks with the writing direction.
    ///
    /// Line breaks stay; tabs become spaces; other control characters and direction overrides become '�'.
    package static func harmless(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { isTrick($0) || $0 == "\t" || $0 == "\r" }) else { return text }
        var clean = String.UnicodeScalarView()
        var afterReturn = false
        for scalar in text.unicodeScalars {
            defer { afterReturn = scalar == "\r" }
            switch scalar {
            case "\r": clean.append("\n")
            case "\n": if !afterReturn { clean.append("\n") }
            case "\t": clean.append(" ")
            default: clean.append(isTrick(scalar) ? "\u{FFFD}" : scalar)
            }
        }
        return String(clean)
    }

    /// As `harmless`, on one line.
    package static func oneLine(_ text: String) -> String {
        harmless(text).split(separator: "\n").joined(separator: " ")
    }

    /// At most `width` columns of a text; where something is cut off, the last column says so with '…'.
    package static func shortened(_ text: String, to width: Int) -> String {
        guard of(text) > width else { return text }
        guard width > 0 else { return "" }
        var short = ""
        var used = 0
        for character in text {
            let next = of(character)
            if used + next > width - 1 { break }
            short.append(character)
            used += next
        }
        return short + "…"
    }

    /// Lines of at most `width` columns, broken at spaces, and inside a word only if it alone is too long.
    /// - Returns: at least one line
    package static func wrapped(_ text: String, to width: Int) -> [String] {
        guard width > 0 else { return [""] }
        return text.split(separator: "\n", omittingEmptySubsequences: false).flatMap {
            wrappedLine(String($0), to: width)
        }
    }

    private static func wrappedLine(_ text: String, to width: Int) -> [String] {
        guard of(text) > width else { return [text] }
        var lines: [String] = []
        var line = ""
        var used = 0
        for word in text.split(separator: " ") {
            let length = of(String(word))
            if !line.isEmpty, used + 1 + length <= width {
                line += " " + word
                used += 1 + length
                continue
            }
            if !line.isEmpty { lines.append(line) }
            line = ""
            used = 0
            for character in word {
                let next = of(character)
                if used + next > width, used > 0 {
                    lines.append(line)
                    line = ""
                    used = 0
                }
                line.append(character)
                used += next
            }
        }
        return lines + [line]
    }

    private static func isTrick(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0A: false
        case 0..<0x20, 0x7F...0x9F, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    private static func of(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: return 0
        default: break
        }
        if scalar.properties.isEmojiPresentation { return 2 }
        // East Asian Width W and F, in blocks: Swift's standard library does not tell the property.
        switch scalar.value {
        case 0x1160...0x11FF: return 0  // Hangul vowels and finals join the consonant before
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
            0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF01...0xFF60,
            0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1B000...0x1B2FF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}
