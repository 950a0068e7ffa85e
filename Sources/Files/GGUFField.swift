/// One value of a GGUF file's metadata: what it is and where it lies. It is read when it is asked for, as the lists of a
/// vocabulary are long and not everybody needs them.
struct GGUFField: Sendable {
    /// The type of a value or of a list's elements, by its number in the format.
    enum Kind: UInt32, Sendable {
        case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

        /// Bytes of a value; nil if it has its own length.
        var size: Int? {
            switch self {
            case .uint8, .int8, .bool: 1
            case .uint16, .int16: 2
            case .uint32, .int32, .float32: 4
            case .uint64, .int64, .float64: 8
            case .string, .array: nil
            }
        }

        /// Bytes that a value takes at least.
        var least: Int { size ?? 8 }

        /// For messages.
        var name: String {
            switch self {
            case .bool: "true or false"
            case .string: "text"
            case .array: "list"
            default: "\(self)"
            }
        }
    }

    var type: Kind
    /// Elements of a list; nil for a single value.
    var count: Int?
    /// The bytes of the value, or of all elements, within the file.
    var range: Range<Int>

    /// For messages: "a list of 3 (int32)".
    var summary: String { count.map { "a list of \($0) (\(type.name))" } ?? "one value (\(type.name))" }
}

/// The metadata by key: each method gives nil if the file has no such field, and throws `FileError.malformed` if it has another
/// type.
extension GGUFFile {
    package func text(_ key: String) throws(FileError) -> String? { try texts(key, isList: false)?.first }

    package func texts(_ key: String) throws(FileError) -> [String]? { try texts(key, isList: true) }

    /// A whole number of any width.
    package func integer(_ key: String) throws(FileError) -> Int? { try integers(key, isList: false)?.first }

    package func integers(_ key: String) throws(FileError) -> [Int]? { try integers(key, isList: true) }

    /// A number of any type.
    package func number(_ key: String) throws(FileError) -> Double? { try numbers(key, isList: false)?.first }

    package func numbers(_ key: String) throws(FileError) -> [Double]? { try numbers(key, isList: true) }

    package func flag(_ key: String) throws(FileError) -> Bool? { try flags(key, isList: false)?.first }

    package func flags(_ key: String) throws(FileError) -> [Bool]? { try flags(key, isList: true) }

    /// Elements of a list, or nil if there is none of this key or it is no list; nothing is read.
    package func count(_ key: String) -> Int? { field(key)?.count }

    // MARK: Reading

    private func wrong(_ key: String, _ found: String, _ expected: String) -> FileError {
        .malformed(file: name, field: key, found: found, expected: expected, fix: GGUFHeader.fix)
    }

    /// The field, if it is a list or none as is asked.
    private func field(_ key: String, isList: Bool, _ expected: String) throws(FileError) -> GGUFField? {
        guard let field = field(key) else { return nil }
        guard (field.count != nil) == isList else {
            throw wrong(key, field.summary, isList ? "a list of \(expected)" : "one \(expected)")
        }
        return field
    }

    private func texts(_ key: String, isList: Bool) throws(FileError) -> [String]? {
        guard let field = try field(key, isList: isList, "text") else { return nil }
        guard field.type == .string else { throw wrong(key, field.summary, isList ? "a list of texts" : "one text") }
        var texts: [String] = []
        texts.reserveCapacity(field.count ?? 1)
        try withBytes(of: field) { (bytes) throws(FileError) in
            var cursor = ByteCursor(bytes, file: name, field: key, fix: GGUFHeader.fix)
            while !cursor.rest.isEmpty {
                let length = Int(clamping: try cursor.long())
                guard let text = validText(try cursor.take(length)) else {
                    throw wrong(key, "text \(texts.count) that is not UTF-8", "UTF-8")
                }
                texts.append(text)
            }
        }
        return texts
    }

    private func integers(_ key: String, isList: Bool) throws(FileError) -> [Int]? {
        guard let field = try field(key, isList: isList, "integer") else { return nil }
        return try withBytes(of: field) { (bytes) throws(FileError) in
            func all<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type) -> [Int]? {
                var numbers: [Int] = []
                numbers.reserveCapacity(field.count ?? 1)
                for start in stride(from: 0, to: bytes.count, by: MemoryLayout<Number>.size) {
                    let number = Number(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: Number.self))
                    guard let number = Int(exactly: number) else { return nil }
                    numbers.append(number)
                }
                return numbers
            }
            let numbers: [Int]?
            switch field.type {
            case .uint8: numbers = all(UInt8.self)
            case .int8: numbers = all(Int8.self)
            case .uint16: numbers = all(UInt16.self)
            case .int16: numbers = all(Int16.self)
            case .uint32: numbers = all(UInt32.self)
            case .int32: numbers = all(Int32.self)
            case .uint64: numbers = all(UInt64.self)
            case .int64: numbers = all(Int64.self)
            default: throw wrong(key, field.summary, isList ? "a list of integers" : "one integer")
            }
            guard let numbers else { throw wrong(key, "a number of 2^63 or more", "a smaller one") }
            return numbers
        }
    }

    private func numbers(_ key: String, isList: Bool) throws(FileError) -> [Double]? {
        guard let field = try field(key, isList: isList, "number") else { return nil }
        return try withBytes(of: field) { (bytes) throws(FileError) in
            switch field.type {
            case .float32: return convertedElements(bytes) { (bits: UInt32) in Double(Float(bitPattern: bits)) }
            case .float64: return convertedElements(bytes) { (bits: UInt64) in Double(bitPattern: bits) }
            case .string, .bool, .array: throw wrong(key, field.summary, isList ? "a list of numbers" : "one number")
            default: return try integers(key, isList: isList)?.map { Double($0) } ?? []
            }
        }
    }

    private func flags(_ key: String, isList: Bool) throws(FileError) -> [Bool]? {
        guard let field = try field(key, isList: isList, "true or false") else { return nil }
        guard field.type == .bool else {
            throw wrong(key, field.summary, isList ? "a list of true or false" : "true or false")
        }
        return try withBytes(of: field) { (bytes) throws(FileError) in
            if let other = bytes.first(where: { $0 > 1 }) { throw wrong(key, "\(other)", "0 (false) or 1 (true)") }
            return bytes.map { $0 == 1 }
        }
    }
}
