/// Walks JSON text value by value; whoever calls it says what must come next.
struct JSONScanner {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    private let file: String

    init(_ bytes: UnsafeRawBufferPointer, file: String) {
        self.bytes = bytes
        self.file = file
    }

    func malformed(_ found: String, expected: String) -> FileError {
        .malformed(
            file: file, field: "header", found: found, expected: expected,
            fix: "the file is damaged or not safetensors; download it again")
    }

    func unexpected(expected: String) -> FileError {
        let found = position < bytes.count ? "byte \(bytes[position]) at \(position)" : "the end at \(position)"
        return malformed(found, expected: expected)
    }

    /// An object: calls `member` with each key, which must read the value.
    mutating func object(
        _ member: (inout JSONScanner, String) throws(FileError) -> Void
    ) throws(FileError) {
        try expect("{")
        if accept("}") { return }
        repeat {
            let key = try string()
            try expect(":")
            try member(&self, key)
        } while accept(",")
        try expect("}")
    }

    /// An array of whole numbers from 0.
    mutating func numbers(atMost limit: Int) throws(FileError) -> [Int] {
        var numbers: [Int] = []
        try expect("[")
        if accept("]") { return [] }
        repeat {
            guard numbers.count < limit else { throw malformed("a longer list", expected: "at most \(limit) numbers") }
            numbers.append(try number())
        } while accept(",")
        try expect("]")
        return numbers
    }

    private mutating func number() throws(FileError) -> Int {
        skipSpace()
        let start = position
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
            position += 1
        }
        let digits = bytes[start..<position]
        guard !digits.isEmpty, digits.count == 1 || digits.first != UInt8(ascii: "0") else {
            throw unexpected(expected: "an integer, 0 or more")
        }
        guard let number = Int(String(decoding: digits, as: UTF8.self)) else {
            throw malformed("a number of \(digits.count) digits", expected: "one below 2^63")
        }
        return number
    }

    mutating func string() throws(FileError) -> String {
        try expect("\"")
        var text: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = validText(text) else { throw malformed("text that is not UTF-8", expected: "UTF-8") }
                return text
            case UInt8(ascii: "\\"): text.append(contentsOf: try escape())
            case 0..<0x20: throw malformed("control character \(byte) in text", expected: "an escape sequence")
            default: text.append(byte)
            }
        }
        throw unexpected(expected: "the end of the text")
    }

    private mutating func escape() throws(FileError) -> [UInt8] {
        guard position < bytes.count else { throw unexpected(expected: "an escaped character") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if (0xD800..<0xDC00).contains(code) {
                guard bytes[position...].starts(with: Array("\\u".utf8)) else {
                    throw unexpected(expected: "the second half of a surrogate pair")
                }
                position += 2
                let low = try hexadecimal()
                guard (0xDC00..<0xE000).contains(low) else {
                    throw unexpected(expected: "the second half of a surrogate pair")
                }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else {
                throw unexpected(expected: "the first half of a surrogate pair")
            }
            return Array(String(Character(scalar)).utf8)
        default: throw unexpected(expected: "a JSON escape")
        }
    }

    private mutating func hexadecimal() throws(FileError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard position < bytes.count, let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
                throw unexpected(expected: "four hexadecimal digits")
            }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }

    /// Checks that only white space is left.
    mutating func end() throws(FileError) {
        skipSpace()
        guard position == bytes.count else { throw unexpected(expected: "the end of the header") }
    }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[position]) { position += 1 }
    }

    private mutating func accept(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(FileError) {
        guard accept(character) else { throw unexpected(expected: "'\(character)'") }
    }
}
