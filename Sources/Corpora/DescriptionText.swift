/// Turns a package's description field into plain text.
enum DescriptionText {
    /// The short description, a newline, then the long one: one line a paragraph, lines that the author set apart
    /// (two blanks: lists, examples) on lines of their own, ` .` lines as the borders of paragraphs.
    /// - Parameter bytes: the field's value, short description first, without the field's name
    /// - Returns: nil if nothing but blanks is there; bytes that are no UTF-8 become U+FFFD
    static func render(_ bytes: UnsafeRawBufferPointer) -> String? {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        var mayJoin = false
        var isFirst = true
        var begin = 0
        while begin < bytes.count {
            var end = begin
            while end < bytes.count, bytes[end] != 10 { end += 1 }
            // In a continuation the first byte is the mark of continuing, the second tells text from verbatim.
            let isVerbatim = !isFirst && begin + 1 < end && ControlReader.isBlank(bytes[begin + 1])
            var from = begin
            var to = end
            while from < to, ControlReader.isBlank(bytes[from]) { from += 1 }
            while to > from, ControlReader.isBlank(bytes[to - 1]) { to -= 1 }
            if from == to || (to == from + 1 && bytes[from] == UInt8(ascii: ".")) {
                mayJoin = false
            } else {
                if !out.isEmpty {
                    if !mayJoin || isVerbatim {
                        out.append(10)
                    } else if !(endsWide(out) && isWide(bytes[from])) {
                        out.append(32)
                    }
                }
                out.append(contentsOf: bytes[from..<to])
                mayJoin = !isFirst && !isVerbatim
            }
            isFirst = false
            begin = end + 1
        }
        return out.isEmpty ? nil : String(decoding: out, as: UTF8.self)
    }

    /// Whether the field has a long description, not only its first line.
    static func hasLong(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let newline = bytes.firstIndex(of: 10) else { return false }
        return bytes[newline...].contains { !ControlReader.isBlank($0) && $0 != UInt8(ascii: ".") }
    }

    // Chinese and Japanese are written without blanks: a line's end within a sentence is none. Three bytes long in
    // UTF-8, these lead bytes are U+3000–U+9FFF and U+F000–U+FFFF (full-width signs); Korean (EA–ED) has blanks.
    private static func isWide(_ lead: UInt8) -> Bool { (lead >= 0xE3 && lead <= 0xE9) || lead == 0xEF }

    private static func endsWide(_ text: [UInt8]) -> Bool { text.count >= 3 && isWide(text[text.count - 3]) }
}
