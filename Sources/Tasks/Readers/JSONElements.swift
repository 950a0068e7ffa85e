import Files

/// Walks the elements of a JSON array or object without reading them: where each begins and ends, and in which line.
///
/// It follows strings and brackets only; whoever takes an element reads it by the one strict reader. So nothing but
/// valid JSON passes, and no more than one element stands in memory twice.
struct JSONElements {
    let file: String
    private let text: ArraySlice<UInt8>
    private var at: Int
    private(set) var line: Int

    /// - Parameter line: where the text begins
    init(_ text: ArraySlice<UInt8>, file: String, line: Int = 1) {
        self.text = text
        self.line = line
        self.file = file
        at = text.startIndex
        skipSpace()
    }

    /// The byte that comes next, or nil at the end.
    var current: UInt8? { at < text.endIndex ? text[at] : nil }

    /// Steps over the bracket that begins an array or object.
    mutating func open() throws(TaskError) {
        at += 1
        skipSpace()
    }

    /// Whether another element comes; steps over the comma before it, or over the closing bracket.
    mutating func next(closing: UInt8, isFirst: Bool) throws(TaskError) -> Bool {
        skipSpace()
        if current == closing {
            at += 1
            return false
        }
        if isFirst { return true }
        guard current == UInt8(ascii: ",") else { throw fault("',' or '\(Unicode.Scalar(closing))'") }
        at += 1
        skipSpace()
        guard current != closing else { throw fault("a value after the ','") }
        return true
    }

    /// The key of a member, with the colon behind it.
    mutating func key() throws(TaskError) -> String {
        guard current == UInt8(ascii: "\"") else { throw fault("a quoted key") }
        let content = try value()
        guard case .string(let key)? = try? JSONReader.read(Array(content)) else { throw fault("a valid key") }
        skipSpace()
        guard current == UInt8(ascii: ":") else { throw fault("':'") }
        at += 1
        skipSpace()
        return key
    }

    /// The bytes of a value; only strings and brackets are followed.
    mutating func value() throws(TaskError) -> ArraySlice<UInt8> {
        let start = at
        var depth = 0
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""): try skipString()
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                at += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                if depth == 0 { return try taken(from: start) }
                depth -= 1
                at += 1
            case UInt8(ascii: ","), UInt8(ascii: ":"), 0x20, 0x09, 0x0A, 0x0D:
                if depth == 0 { return try taken(from: start) }
                step()
            default: at += 1
            }
            if depth == 0, byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}") {
                return try taken(from: start)
            }
        }
        guard depth == 0 else { throw fault("the end of an array or object") }
        return try taken(from: start)
    }

    /// Checks that a value that is not used is valid all the same.
    func check(_ value: ArraySlice<UInt8>) throws(TaskError) {
        do { _ = try JSONReader.read(Array(value)) } catch {
            throw .malformed(
                file: file, line: line, problem: "not valid JSON: \(error.found)", fix: "expected \(error.expected)")
        }
    }

    /// Checks that nothing is left.
    mutating func end() throws(TaskError) {
        skipSpace()
        guard current == nil else { throw fault("the end of the file") }
    }

    private func taken(from start: Int) throws(TaskError) -> ArraySlice<UInt8> {
        guard at > start else { throw fault("a value") }
        return text[start..<at]
    }

    private mutating func skipString() throws(TaskError) {
        let opened = line
        at += 1
        while let byte = current {
            if byte == UInt8(ascii: "\"") {
                at += 1
                return
            }
            if byte == UInt8(ascii: "\\") { at += 1 }
            if current != nil { step() }
        }
        throw .malformed(
            file: file, line: opened, problem: "not valid JSON: a string that is not closed",
            fix: "add the closing quote")
    }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { step() }
    }

    private mutating func step() {
        let byte = text[at]
        at += 1
        if byte == 0x0A || (byte == 0x0D && current != 0x0A) { line += 1 }
    }

    /// What comes next is not what is expected.
    func fault(_ expected: String) -> TaskError {
        let found = current.map { byte in
            (0x21...0x7E).contains(byte) ? "'\(Unicode.Scalar(byte))'" : "byte 0x" + String(byte, radix: 16)
        }
        return .malformed(
            file: file, line: line, problem: "not valid JSON: \(found ?? "the file ends")",
            fix: "expected \(expected)")
    }
}
