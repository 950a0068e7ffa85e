import Foundation

/// Reads Debian control data (Packages, Translation-xx) stanza by stanza, byte by byte: such a file has 50 MB.
///
/// A stanza is a run of `Name: value` lines; a line that begins with a blank continues the value before it; an empty
/// line ends the stanza. Only the fields that the caller names are kept, as ranges into the file's bytes.
struct ControlReader {
    private let path: String
    private let data: Data
    private let wanted: [[UInt8]]
    private var offset = 0
    private var line = 0
    /// For each wanted field, in the caller's order, the value's bytes; empty if the stanza does not have it.
    private(set) var values: [Range<Int>]
    /// The line at which the current stanza begins, counted from 1.
    private(set) var stanzaLine = 0

    /// - Parameters:
    ///   - path: what error messages call the file
    ///   - fields: names of the fields to keep; upper and lower case are the same, as in Debian's policy
    init(path: String, data: Data, fields: [String]) {
        self.path = path
        self.data = data
        self.wanted = fields.map { Array($0.lowercased().utf8) }
        self.values = Array(repeating: 0..<0, count: fields.count)
    }

    /// Goes to the next stanza.
    /// - Returns: false at the end of the file
    /// - Throws: `CorporaError.malformed` at a line that is neither a field nor a continuation
    mutating func next() throws(CorporaError) -> Bool {
        for index in values.indices { values[index] = 0..<0 }
        var inStanza = false
        var current = -1
        while offset < data.count {
            let begin = offset
            let end = lineEnd(from: begin)
            offset = end + 1
            line += 1
            let first = begin < end ? byte(begin) : UInt8(ascii: "\n")
            if first == UInt8(ascii: " ") || first == UInt8(ascii: "\t") {
                // A line of blanks alone ends a stanza too, as dpkg reads it.
                if isBlank(begin..<end) {
                    if inStanza { return true }
                } else if !inStanza {
                    throw malformed(begin..<end, expected: "a field 'Name: value' before a continuation line")
                } else if current >= 0 {
                    values[current] = values[current].lowerBound..<end
                }
                continue
            }
            if begin == end || isBlank(begin..<end) {
                if inStanza { return true }
                continue
            }
            guard let colon = colon(in: begin..<end) else {
                throw malformed(begin..<end, expected: "a field 'Name: value'")
            }
            if !inStanza {
                inStanza = true
                stanzaLine = line
            }
            current = field(named: begin..<colon)
            if current >= 0 {
                guard values[current].isEmpty else {
                    throw malformed(begin..<end, expected: "each field once in a stanza")
                }
                values[current] = (colon + 1)..<end
            }
        }
        return inStanza
    }

    /// The bytes of a wanted field's value without the blanks around it, or nil if it is absent or empty.
    func text(_ index: Int) -> String? {
        let range = trimmed(values[index])
        guard !range.isEmpty else { return nil }
        return withBytes(range) { String(decoding: $0, as: UTF8.self) }
    }

    /// Calls `body` with the bytes of the range.
    func withBytes<T>(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> T) -> T {
        data.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    /// An error that points at the current stanza.
    func malformedStanza(found: String, expected: String) -> CorporaError {
        .malformed(path: path, line: stanzaLine, found: found, expected: expected)
    }

    private func byte(_ index: Int) -> UInt8 { data[data.startIndex + index] }

    private func lineEnd(from begin: Int) -> Int {
        data.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) -> Int in
            guard let base = bytes.baseAddress, let hit = memchr(base + begin, 10, bytes.count - begin) else {
                return bytes.count
            }
            return UnsafeRawPointer(hit) - base
        }
    }

    private func colon(in range: Range<Int>) -> Int? {
        let found = data.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) -> Int? in
            guard let base = bytes.baseAddress,
                let hit = memchr(base + range.lowerBound, Int32(UInt8(ascii: ":")), range.count)
            else { return nil }
            return UnsafeRawPointer(hit) - base
        }
        guard let found, found > range.lowerBound else { return nil }
        return found
    }

    private func field(named range: Range<Int>) -> Int {
        data.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) -> Int in
            for (index, name) in wanted.enumerated() where name.count == range.count {
                var same = true
                for position in 0..<name.count where lowercase(bytes[range.lowerBound + position]) != name[position] {
                    same = false
                    break
                }
                if same { return index }
            }
            return -1
        }
    }

    private func lowercase(_ byte: UInt8) -> UInt8 { byte >= 65 && byte <= 90 ? byte + 32 : byte }

    private func isBlank(_ range: Range<Int>) -> Bool { trimmed(range).isEmpty }

    private func trimmed(_ range: Range<Int>) -> Range<Int> {
        data.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) -> Range<Int> in
            var begin = range.lowerBound
            var end = range.upperBound
            while begin < end, ControlReader.isBlank(bytes[begin]) { begin += 1 }
            while end > begin, ControlReader.isBlank(bytes[end - 1]) { end -= 1 }
            return begin..<end
        }
    }

    /// Blank, tabulator or line end.
    static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (byte >= 9 && byte <= 13) }

    private func malformed(_ range: Range<Int>, expected: String) -> CorporaError {
        let start = withBytes(range.lowerBound..<min(range.upperBound, range.lowerBound + 40)) {
            String(decoding: $0, as: UTF8.self)
        }
        let shown = start.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? "?" : String($0) }.joined()
        return .malformed(path: path, line: line, found: "'\(shown)'", expected: expected)
    }
}
