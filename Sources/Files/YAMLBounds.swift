/// Bounds of a YAML text, checked before a parser sees it: the parser recurses once a level, background threads have
/// small stacks, and aliases of aliases make gigabytes of a few lines.
package enum YAMLBounds {
    package static let mostBytes = 1 << 20
    package static let mostLevels = 32
    /// With n aliases at most 3^(n/3) copies of a node come about: 19 with these.
    package static let mostAliases = 8
    /// Opening brackets, whether they close or not: a bracket in quotes may pass for one that closes.
    private static let mostBrackets = 128

    /// What is wrong with the text, nil if nothing.
    package static func fault(in text: String) -> String? {
        guard text.utf8.count <= mostBytes else { return "larger than 1 MiB" }
        var bounds = Bounds()
        for byte in text.utf8 { bounds.take(byte) }
        if bounds.deepest > mostLevels || bounds.widest > 4 * mostLevels { return "nested more than 32 levels deep" }
        if bounds.brackets > mostBrackets { return "more than \(mostBrackets) opening brackets" }
        if bounds.aliases > mostAliases { return "more than \(mostAliases) aliases" }
        return nil
    }

    private struct Bounds {
        var brackets = 0
        var depth = 0
        var deepest = 0
        var aliases = 0
        /// A level of a block costs at least one of blank, '-', '?' or ':' at a line's start.
        var indent = 0
        var widest = 0
        var isInIndent = true
        /// Whether a node may begin here: behind a line's start or an indicator, with blanks between.
        var mayBegin = true
        /// The last three bytes, the newest lowest.
        var last: UInt32 = 0

        mutating func take(_ byte: UInt8) {
            last = last << 8 & 0xFF_FFFF | UInt32(byte)
            switch byte {
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                brackets += 1
                depth += 1
                deepest = max(deepest, depth)
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth = max(0, depth - 1)
            case UInt8(ascii: "*") where mayBegin: aliases += 1
            default: break
            }
            // NEL, LS and PS end lines too, as YAML 1.1 has it; a byte order mark may stand before a node.
            let isBreak =
                byte == 0x0A || byte == 0x0D || last & 0xFFFF == 0xC285 || last == 0xE280A8 || last == 0xE280A9
            if isBreak || last == 0xEFBBBF {
                (indent, isInIndent, mayBegin) = (isBreak ? 0 : indent, true, true)
                return
            }
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "?"), UInt8(ascii: ":"):
                if isInIndent { indent += 1 }
                widest = max(widest, indent)
                if byte != UInt8(ascii: " ") { mayBegin = true }
            case UInt8(ascii: "\t"): isInIndent = false
            case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: ","): (isInIndent, mayBegin) = (false, true)
            default: (isInIndent, mayBegin) = (false, false)
            }
        }
    }
}
