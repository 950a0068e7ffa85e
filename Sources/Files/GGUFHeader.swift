/// What stands before the tensors' bytes in a GGUF file: its metadata and the list of its tensors.
///
/// Layout, little-endian: `GGUF`, version, numbers of tensors and of fields; the fields (key, type, value); for each tensor its
/// name, sizes with the fastest first, type, and place among the data. Lengths have eight bytes.
struct GGUFHeader {
    /// A tensor as it is listed; its place is not compared with the file's end yet.
    struct Entry {
        var name: String
        /// Slowest dimension first, as everywhere else.
        var shape: [Int]
        var type: GGUFType
        var count: Int
        /// In bytes from the beginning of the data.
        var offset: UInt64
        /// nil for an unknown type.
        var size: Int?
    }

    /// Sizes that a tensor has at most, in the format and here.
    private static let maximalRank = 4
    /// Bytes of a field or a tensor that has an empty name and as little else as can be.
    private static let (leastField, leastTensor) = (13, 32)
    static let fix = "the file is damaged or not GGUF; download it again"

    let version: Int
    private(set) var fields: [String: GGUFField] = [:]
    /// In the order of the file.
    private(set) var keys: [String] = []
    private(set) var entries: [Entry] = []
    /// Where the header ends.
    private(set) var end = 0

    init(_ bytes: UnsafeRawBufferPointer, file: String) throws(FileError) {
        var cursor = ByteCursor(bytes, file: file, field: "header", fix: Self.fix)
        if !bytes.starts(with: "GGUF".utf8), let other = ForeignContent(bytes) {
            throw .malformed(file: file, field: "content", found: other.found, expected: "GGUF", fix: other.fix)
        }
        try cursor.signature("GGUF")
        version = try Self.version(&cursor)
        let tensors = try Self.count("tensors", least: Self.leastTensor, &cursor)
        let count = try Self.count("fields", least: Self.leastField, &cursor)
        keys.reserveCapacity(count)
        for _ in 0..<count { try readField(&cursor) }
        entries.reserveCapacity(tensors)
        var seen = Set<String>(minimumCapacity: tensors)
        for index in 0..<tensors {
            cursor.field = "tensor \(index + 1) of \(tensors)"
            let entry = try Self.entry(&cursor)
            guard seen.insert(entry.name).inserted else {
                throw cursor.malformed("a second tensor '\(entry.name)'", expected: "each name once")
            }
            entries.append(entry)
        }
        end = cursor.position
    }

    private static func version(_ cursor: inout ByteCursor) throws(FileError) -> Int {
        let version = try cursor.word()
        if version == 2 || version == 3 { return version }
        func unsupported(_ found: String, _ fix: String) -> FileError {
            .unsupported(file: cursor.file, field: "version", found: found, expected: "2 or 3", fix: fix)
        }
        // The same number in the other byte order
        if version & 0xFFFF == 0, version != 0 {
            throw unsupported("a big-endian file", "use the little-endian file of this model")
        }
        throw unsupported("\(version)", "convert the model again with a current version of llama.cpp")
    }

    /// A number of things of which each takes some bytes, so that no list is made longer than the file can fill.
    private static func count(_ what: String, least: Int, _ cursor: inout ByteCursor) throws(FileError) -> Int {
        let found = try cursor.long()
        let most = cursor.rest.count / least
        guard found <= UInt64(most) else { throw cursor.malformed("\(found) \(what)", expected: "at most \(most)") }
        return Int(found)
    }

    /// Text with its length before it.
    private static func text(_ cursor: inout ByteCursor) throws(FileError) -> UnsafeRawBufferPointer {
        let length = try cursor.long()
        guard length <= UInt64(cursor.rest.count) else {
            throw cursor.malformed("a text of \(length) bytes", expected: "at most \(cursor.rest.count)")
        }
        return try cursor.take(Int(length))
    }

    // MARK: Fields

    private mutating func readField(_ cursor: inout ByteCursor) throws(FileError) {
        cursor.field = "field \(keys.count + 1) of the metadata"
        guard let key = validText(try Self.text(&cursor)) else {
            throw cursor.malformed("a key that is not UTF-8", expected: "UTF-8")
        }
        cursor.field = key.isEmpty ? "an empty key" : key
        let type = try Self.type(&cursor)
        let field: GGUFField
        if type == .array {
            let element = try Self.type(&cursor)
            guard element != .array else {
                throw .unsupported(
                    file: cursor.file, field: cursor.field, found: "a list of lists", expected: "a list of values",
                    fix: "convert the model again with llama.cpp, which does not write such lists")
            }
            let count = try Self.count("elements", least: element.least, &cursor)
            let start = cursor.position
            if let size = element.size {
                try cursor.skip(count * size)
            } else {
                for _ in 0..<count { _ = try Self.text(&cursor) }
            }
            field = GGUFField(type: element, count: count, range: start..<cursor.position)
        } else {
            let start = cursor.position
            if let size = type.size { try cursor.skip(size) } else { _ = try Self.text(&cursor) }
            field = GGUFField(type: type, count: nil, range: start..<cursor.position)
        }
        guard fields.updateValue(field, forKey: key) == nil else {
            throw cursor.malformed("a second field of this key", expected: "each key once")
        }
        keys.append(key)
    }

    private static func type(_ cursor: inout ByteCursor) throws(FileError) -> GGUFField.Kind {
        let code = try cursor.number(UInt32.self)
        guard let type = GGUFField.Kind(rawValue: code) else {
            throw cursor.malformed("a value of type \(code)", expected: "a type from 0 to 12")
        }
        return type
    }

    // MARK: Tensors

    private static func entry(_ cursor: inout ByteCursor) throws(FileError) -> Entry {
        guard let name = validText(try text(&cursor)) else {
            throw cursor.malformed("a name that is not UTF-8", expected: "UTF-8")
        }
        cursor.field = "tensor \(name)"
        let rank = try cursor.word()
        guard 1...maximalRank ~= rank else {
            throw cursor.malformed("\(rank) dimensions", expected: "1 to \(maximalRank)")
        }
        var shape: [Int] = []
        for _ in 0..<rank {
            let size = try cursor.long()
            guard size > 0, let size = Int(exactly: size) else {
                throw cursor.malformed("a dimension of \(size)", expected: "1 or more, and fewer than 2^63")
            }
            shape.insert(size, at: 0)
        }
        guard let count = checkedProduct(shape) else {
            throw cursor.malformed("shape \(shape)", expected: "fewer than 2^63 elements")
        }
        let type = GGUFType(code: try cursor.number(UInt32.self))
        var size: Int?
        if let block = type.block {
            let row = shape[shape.count - 1]
            guard row % block.elements == 0 else {
                throw cursor.malformed(
                    "rows of \(row) elements", expected: "a multiple of \(block.elements) for \(type.name)")
            }
            let (bytes, overflow) = (count / block.elements).multipliedReportingOverflow(by: block.bytes)
            guard !overflow else { throw cursor.malformed("shape \(shape)", expected: "fewer than 2^63 bytes") }
            size = bytes
        }
        return Entry(
            name: name, shape: shape, type: type, count: count, offset: try cursor.long(), size: size)
    }
}
