/// Reads little-endian numbers from a part of a file, never past its end.
struct ByteCursor {
    /// What is left to read.
    private(set) var rest: UnsafeRawBufferPointer
    private let whole: Int
    let file: String
    /// The object and structure that messages name ("/a/w: dataspace").
    var field: String
    private let fix: String

    /// - Parameter fix: what to do about a damaged file, for messages
    init(_ bytes: UnsafeRawBufferPointer, file: String, field: String, fix: String) {
        rest = bytes
        whole = bytes.count
        self.file = file
        self.field = field
        self.fix = fix
    }

    /// Bytes read so far.
    var position: Int { whole - rest.count }

    /// The next `count` bytes.
    mutating func take(_ count: Int) throws(FileError) -> UnsafeRawBufferPointer {
        guard count >= 0, count <= rest.count else {
            throw malformed("\(rest.count) bytes left", expected: "\(count) more")
        }
        let taken = UnsafeRawBufferPointer(rebasing: rest.prefix(count))
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        return taken
    }

    mutating func skip(_ count: Int) throws(FileError) {
        _ = try take(count)
    }

    /// The next unsigned number of the type asked for.
    mutating func number<Number: FixedWidthInteger & UnsignedInteger>(
        _ type: Number.Type
    ) throws(FileError) -> Number {
        let bytes = try take(MemoryLayout<Number>.size)
        return Number(littleEndian: bytes.loadUnaligned(as: Number.self))
    }

    mutating func byte() throws(FileError) -> Int { Int(try number(UInt8.self)) }
    mutating func short() throws(FileError) -> Int { Int(try number(UInt16.self)) }
    mutating func word() throws(FileError) -> Int { Int(try number(UInt32.self)) }
    /// A file address or a size, not believed yet.
    mutating func long() throws(FileError) -> UInt64 { try number(UInt64.self) }

    /// Checks that four letters stand next, as many of the format's structures begin.
    mutating func signature(_ letters: StaticString) throws(FileError) {
        let found = try take(letters.utf8CodeUnitCount)
        let same = letters.withUTF8Buffer { $0.elementsEqual(found) }
        guard same else { throw malformed("no '\(letters)'", expected: "'\(letters)' at the start") }
    }

    func malformed(_ found: String, expected: String) -> FileError {
        .malformed(file: file, field: field, found: found, expected: expected, fix: fix)
    }
}
