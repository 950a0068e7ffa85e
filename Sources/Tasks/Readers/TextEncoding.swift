/// How a text file's bytes stand for characters.
package enum TextEncoding: String, CaseIterable, Sendable {
    case utf8 = "utf-8"
    case utf16 = "utf-16"
    case utf16LittleEndian = "utf-16-le"
    case utf16BigEndian = "utf-16-be"
    case latin1 = "latin-1"
    case windows1252 = "windows-1252"

    /// By one of its usual names.
    package init?(name: String) {
        switch name.lowercased() {
        case "utf-8", "utf8", "utf-8-sig": self = .utf8
        case "utf-16", "utf16": self = .utf16
        case "utf-16-le", "utf-16le": self = .utf16LittleEndian
        case "utf-16-be", "utf-16be": self = .utf16BigEndian
        case "latin-1", "latin1", "iso-8859-1": self = .latin1
        case "windows-1252", "cp1252": self = .windows1252
        default: return nil
        }
    }

    static let names = ["utf-8", "latin-1 (iso-8859-1)", "windows-1252", "utf-16", "utf-16-le", "utf-16-be"]

    /// Windows-1252 from 0x80 to 0x9F; 0 where it has no character.
    private static let windows: [UInt16] = [
        0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017D, 0,
        0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0, 0x017E,
        0x0178,
    ]

    /// The same text as UTF-8, without byte order mark.
    /// - Throws: `TaskError.malformed` or `.notUTF8`, with the line
    func utf8(_ bytes: [UInt8], file: String) throws(TaskError) -> ArraySlice<UInt8> {
        switch self {
        case .utf8: return TextBytes.withoutMark(bytes)
        case .latin1, .windows1252:
            var result: [UInt8] = []
            result.reserveCapacity(bytes.count + bytes.count / 16)
            var line = 1
            for byte in bytes {
                if byte == 0x0A { line += 1 }
                guard byte >= 0x80 else {
                    result.append(byte)
                    continue
                }
                var code = UInt32(byte)
                if self == .windows1252, byte < 0xA0 { code = UInt32(Self.windows[Int(byte) - 0x80]) }
                guard code != 0, let scalar = Unicode.Scalar(code) else {
                    throw .malformed(
                        file: file, line: line,
                        problem: "byte 0x\(String(byte, radix: 16)), which is not a character in \(rawValue)",
                        fix: "set encoding to the file's real encoding: \(Self.names.joined(separator: ", "))")
                }
                result += UTF8.encode(scalar).map { Array($0) } ?? []
            }
            return result[...]
        case .utf16:
            if bytes.starts(with: [0xFE, 0xFF]) {
                return try Self.utf16(bytes.dropFirst(2), isBig: true, file: file)[...]
            }
            guard bytes.starts(with: [0xFF, 0xFE]) else {
                throw .malformed(
                    file: file, line: 1, problem: "encoding is utf-16, but there is no byte order mark",
                    fix: "set encoding: utf-16-le or utf-16-be")
            }
            return try Self.utf16(bytes.dropFirst(2), isBig: false, file: file)[...]
        case .utf16LittleEndian, .utf16BigEndian:
            let isBig = self == .utf16BigEndian
            let hasMark = bytes.starts(with: isBig ? [0xFE, 0xFF] : [0xFF, 0xFE])
            return try Self.utf16(bytes.dropFirst(hasMark ? 2 : 0), isBig: isBig, file: file)[...]
        }
    }

    private static func utf16(_ bytes: ArraySlice<UInt8>, isBig: Bool, file: String) throws(TaskError) -> [UInt8] {
        let fix = "save the file as UTF-8"
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var line = 1
        var high: UInt32?
        var index = bytes.startIndex
        while index + 1 < bytes.endIndex {
            let (first, second) = (UInt32(bytes[index]), UInt32(bytes[index + 1]))
            let unit = isBig ? first << 8 | second : second << 8 | first
            index += 2
            var code = unit
            if let half = high {
                guard (0xDC00..<0xE000).contains(unit) else {
                    throw .malformed(file: file, line: line, problem: "half a UTF-16 character", fix: fix)
                }
                code = 0x10000 + (half - 0xD800) << 10 + (unit - 0xDC00)
                high = nil
            } else if (0xD800..<0xDC00).contains(unit) {
                high = unit
                continue
            }
            guard let scalar = Unicode.Scalar(code), let encoded = UTF8.encode(scalar) else {
                throw .malformed(file: file, line: line, problem: "half a UTF-16 character", fix: fix)
            }
            if code == 0x0A { line += 1 }
            result += encoded
        }
        guard high == nil, index == bytes.endIndex else {
            throw .malformed(file: file, line: line, problem: "UTF-16 that ends within a character", fix: fix)
        }
        return result
    }
}
