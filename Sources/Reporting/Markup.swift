/// Text from outside made safe for HTML, XML and Markdown.
enum Markup {
    /// For element content and quoted attributes of HTML and XML; characters XML forbids become '�'.
    static func escaped(_ text: String) -> String {
        var safe = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": safe.append(contentsOf: "&amp;".unicodeScalars)
            case "<": safe.append(contentsOf: "&lt;".unicodeScalars)
            case ">": safe.append(contentsOf: "&gt;".unicodeScalars)
            case "\"": safe.append(contentsOf: "&quot;".unicodeScalars)
            case "'": safe.append(contentsOf: "&#39;".unicodeScalars)
            case "\t", "\n", "\r": safe.append(scalar)
            default: safe.append(isForbidden(scalar) ? "\u{FFFD}" : scalar)
            }
        }
        return String(safe)
    }

    /// As `escaped`, with line breaks shown.
    static func escapedLines(_ text: String) -> String {
        escaped(text).split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "<br>")
    }

    /// For a Markdown paragraph or table cell: nothing in it is markup, and it stays on one line.
    static func markdown(_ text: String) -> String {
        let characters = Array(DisplayWidth.harmless(text))
        var safe = ""
        for (index, character) in characters.enumerated() {
            switch character {
            case "\n": safe += "<br>"
            case "&": safe += "&amp;"
            case "<": safe += "&lt;"
            case ">": safe += "&gt;"
            case "_":
                // Inside a word (seq_bn) an underscore is no emphasis and reads better bare.
                let inside =
                    index > 0 && index + 1 < characters.count && isWord(characters[index - 1])
                    && isWord(characters[index + 1])
                safe += inside ? "_" : "\\_"
            case "\\", "`", "*", "[", "]", "|", "~", "$": safe += "\\\(character)"
            case "#", "+", "-":
                // Only at the start of a line could these open a heading or a list.
                safe += index == 0 ? "\\\(character)" : String(character)
            default: safe.append(character)
            }
        }
        return safe
    }

    /// A name for an anchor: ASCII letters, digits and '-'.
    static func anchor(_ text: String) -> String {
        var name = ""
        for character in text.lowercased() {
            if character.isASCII, character.isLetter || character.isNumber {
                name.append(character)
            } else if !name.isEmpty, name.last != "-" {
                name.append("-")
            }
        }
        while name.last == "-" { name.removeLast() }
        return name.isEmpty ? "section" : name
    }

    private static func isWord(_ character: Character) -> Bool { character.isLetter || character.isNumber }

    private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F...0x9F, 0x202A...0x202E, 0x2066...0x2069, 0xFFFE, 0xFFFF: true
        default: false
        }
    }
}
