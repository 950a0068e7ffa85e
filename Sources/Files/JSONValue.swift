/// A JSON value with its members in the file's order.
///
/// Not Foundation's: that puts members in a dictionary whose keys are equal when canonically equivalent, and silently
/// keeps one of two pieces that differ only in how their accents are composed.
package indirect enum JSONValue: Sendable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([(key: String, value: JSONValue)])

    /// The value's kind and, where short, the value, for messages.
    package var summary: String {
        switch self {
        case .null: return "null"
        case .bool(let value): return "\(value)"
        case .integer(let value): return "\(value)"
        case .number(let value): return "\(value)"
        case .string(let value): return "\"\(value.prefix(40))\""
        case .array(let values): return "a list of \(values.count)"
        case .object: return "an object"
        }
    }

    /// The first member name that an object of this value has twice, at any depth; names are compared by their bytes.
    package var memberTwice: String? {
        switch self {
        case .array(let values):
            for value in values { if let name = value.memberTwice { return name } }
        case .object(let members):
            var seen = Set<[UInt8]>(minimumCapacity: members.count)
            for (name, value) in members {
                if !seen.insert(Array(name.utf8)).inserted { return name }
                if let name = value.memberTwice { return name }
            }
        default: break
        }
        return nil
    }
}

/// Where and why a text is not JSON.
package struct JSONFault: Error, Equatable {
    /// In bytes.
    package var offset: Int
    package var found: String
    package var expected: String
    /// The member in whose value it is, the outermost one; nil: none.
    package var member: String?
    /// The number that is found, if it is one that JSON does not have: `NaN`, `Infinity` or `-Infinity`.
    package var notANumber: String?

    /// What is found where nothing is.
    package static let end = "the file ends"
}

/// Reads JSON (RFC 8259) from UTF-8 bytes: the one reader for all of it, so that what one file is refused for no other
/// gets away with. (Foundation's takes the last of two members of one name without a word.)
///
/// Nesting ends at 128 levels, as each costs stack. Members of one name are left to whoever reads the object, who can
/// name the field; `JSONValue.memberTwice` finds them.
package struct JSONReader {
    private static let deepest = 128

    private let bytes: [UInt8]
    private var at = 0

    /// - Throws: `JSONFault` at the first byte that does not fit
    package static func read(_ bytes: [UInt8]) throws(JSONFault) -> JSONValue {
        var reader = JSONReader(bytes: bytes)
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.at == bytes.count else { throw reader.fault("the end of the file") }
        return value
    }

    /// The members of an object, each with the bytes that its value is written in; nil for a value of another kind.
    /// - Throws: `JSONFault` at the first byte that does not fit
    package static func members(_ bytes: [UInt8]) throws(JSONFault)
        -> [(key: String, value: JSONValue, source: Range<Int>)]?
    {
        var reader = JSONReader(bytes: bytes)
        reader.skipSpace()
        guard reader.current == UInt8(ascii: "{") else {
            _ = try read(bytes)
            return nil
        }
        var sources: [Range<Int>] = []
        let members = try reader.members(depth: 0) { sources.append($0) }
        reader.skipSpace()
        guard reader.at == bytes.count else { throw reader.fault("the end of the file") }
        return zip(members, sources).map { ($0.key, $0.value, $1) }
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { at = 3 }
    }

    private var current: UInt8? { at < bytes.count ? bytes[at] : nil }

    private func fault(_ expected: String) -> JSONFault {
        guard let byte = current else { return JSONFault(offset: at, found: JSONFault.end, expected: expected) }
        let shown = (0x21...0x7E).contains(byte) ? "'\(Unicode.Scalar(byte))'" : "byte 0x" + String(byte, radix: 16)
        return JSONFault(offset: at, found: shown, expected: expected)
    }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { at += 1 }
    }

    private mutating func value(depth: Int) throws(JSONFault) -> JSONValue {
        skipSpace()
        guard depth < Self.deepest else { throw fault("at most \(Self.deepest) levels") }
        switch current {
        case UInt8(ascii: "{"): return .object(try members(depth: depth))
        case UInt8(ascii: "["): return .array(try elements(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(JSONFault) -> JSONValue {
        for index in 0..<text.utf8CodeUnitCount {
            guard current == text.utf8Start[index] else { throw fault("'\(text)'") }
            at += 1
        }
        return value
    }

    private mutating func members(
        depth: Int, source: ((Range<Int>) -> Void)? = nil
    ) throws(JSONFault) -> [(key: String, value: JSONValue)] {
        var members: [(key: String, value: JSONValue)] = []
        at += 1
        skipSpace()
        if current == UInt8(ascii: "}") {
            at += 1
            return members
        }
        while true {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw fault("a quoted key") }
            let key = try string()
            skipSpace()
            guard current == UInt8(ascii: ":") else { throw fault("':'") }
            at += 1
            skipSpace()
            let start = at
            do {
                members.append((key, try value(depth: depth + 1)))
            } catch {
                var fault = error
                fault.member = key
                throw fault
            }
            source?(start..<at)
            skipSpace()
            if current == UInt8(ascii: ",") {
                at += 1
            } else if current == UInt8(ascii: "}") {
                at += 1
                return members
            } else {
                throw fault("',' or '}'")
            }
        }
    }

    private mutating func elements(depth: Int) throws(JSONFault) -> [JSONValue] {
        var elements: [JSONValue] = []
        at += 1
        skipSpace()
        if current == UInt8(ascii: "]") {
            at += 1
            return elements
        }
        while true {
            elements.append(try value(depth: depth + 1))
            skipSpace()
            if current == UInt8(ascii: ",") {
                at += 1
            } else if current == UInt8(ascii: "]") {
                at += 1
                return elements
            } else {
                throw fault("',' or ']'")
            }
        }
    }

    /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`, and within a double's range.
    private mutating func number() throws(JSONFault) -> JSONValue {
        let start = at
        var isInteger = true
        func accept(_ bytes: UInt8...) -> Bool {
            guard let byte = current, bytes.contains(byte) else { return false }
            at += 1
            return true
        }
        func digits() -> Int {
            let first = at
            while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { at += 1 }
            return at - first
        }
        func isNumber() -> Bool {
            _ = accept(UInt8(ascii: "-"))
            if !accept(UInt8(ascii: "0")), digits() == 0 { return false }
            if accept(UInt8(ascii: ".")) {
                isInteger = false
                if digits() == 0 { return false }
            }
            if accept(UInt8(ascii: "e"), UInt8(ascii: "E")) {
                isInteger = false
                _ = accept(UInt8(ascii: "+"), UInt8(ascii: "-"))
                if digits() == 0 { return false }
            }
            return true
        }
        if isNumber() {
            let text = String(decoding: bytes[start..<at], as: UTF8.self)
            if isInteger, let value = Int(text) { return .integer(value) }
            if let value = Double(text), value.isFinite { return .number(value) }
            throw JSONFault(offset: start, found: "a number that is too large", expected: "at most 1.8e308")
        }
        at = start
        var fault = fault("a value")
        // As Python's json and pandas write them
        fault.notANumber = ["NaN", "-NaN", "Infinity", "-Infinity"].first {
            bytes[start...].starts(with: Array($0.utf8))
        }
        throw fault
    }

    private mutating func string() throws(JSONFault) -> String {
        at += 1
        let start = at
        while let byte = current, byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { at += 1 }
        if current == UInt8(ascii: "\"") {
            let text = try decoded(bytes[start..<at], at: start)
            at += 1
            return text
        }
        var buffer = Array(bytes[start..<at])
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""):
                let text = try decoded(buffer[...], at: start)
                at += 1
                return text
            case UInt8(ascii: "\\"):
                at += 1
                buffer.append(contentsOf: try escape())
            case 0x20...:
                buffer.append(byte)
                at += 1
            default:
                throw fault("an escape sequence instead of a control character")
            }
        }
        throw fault("the end of the string")
    }

    private func decoded(_ bytes: ArraySlice<UInt8>, at start: Int) throws(JSONFault) -> String {
        guard let text = validText(bytes) else {
            throw JSONFault(offset: start, found: "a string that is not UTF-8", expected: "UTF-8")
        }
        return text
    }

    /// The UTF-8 of an escape, after its backslash.
    private mutating func escape() throws(JSONFault) -> [UInt8] {
        let plain: [UInt8: UInt8] = [
            UInt8(ascii: "\""): 0x22, UInt8(ascii: "\\"): 0x5C, UInt8(ascii: "/"): 0x2F, UInt8(ascii: "b"): 0x08,
            UInt8(ascii: "f"): 0x0C, UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09,
        ]
        guard let byte = current else { throw fault("an escape") }
        if let value = plain[byte] {
            at += 1
            return [value]
        }
        guard byte == UInt8(ascii: "u") else { throw fault("an escape") }
        at += 1
        var code = try hexadecimal()
        if (0xD800..<0xDC00).contains(code), current == UInt8(ascii: "\\"), at + 1 < bytes.count,
            bytes[at + 1] == UInt8(ascii: "u")
        {
            at += 2
            let low = try hexadecimal()
            guard (0xDC00..<0xE000).contains(low) else { throw fault("a low surrogate before this") }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw fault("no lone surrogate before this") }
        return Array(String(scalar).utf8)
    }

    private mutating func hexadecimal() throws(JSONFault) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw fault("four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            at += 1
        }
        return value
    }
}
