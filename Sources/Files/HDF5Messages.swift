/// The types of elements that this reader knows.
enum HDF5ElementType: Equatable {
    case float32
    case float64
    case integer(bytes: Int, signed: Bool)
    /// Text of a fixed number of bytes, NUL- or (if `spaces`) space-padded.
    case text(bytes: Int, spaces: Bool)
    case variableText

    /// Bytes of one element in the file.
    var size: Int {
        switch self {
        case .float32: 4
        case .float64: 8
        case .integer(let bytes, _), .text(let bytes, _): bytes
        case .variableText: 16
        }
    }
}

extension HDF5ElementType {
    /// Bytes that an attribute's element takes when it is read.
    var memory: Int {
        switch self {
        case .float32, .float64, .integer: 8
        case .text, .variableText: 16
        }
    }
}

extension HDF5Reader {
    /// The sizes that a dataspace message gives; [] for a scalar. Their product fits an Int.
    func readShape(_ message: ByteCursor) throws(FileError) -> (shape: [Int], count: Int) {
        var message = message
        let version = try message.byte()
        let rank = try message.byte()
        let flags = try message.byte()
        switch version {
        case 1: try message.skip(1 + 4)
        case 2:
            let kind = try message.byte()
            guard kind < 2 else { throw message.unsupported("an empty dataspace", expected: "a simple one") }
        default: throw message.malformed("version \(version)", expected: "1 or 2")
        }
        guard rank <= limits.rank, flags & ~1 == 0 else {
            throw message.malformed(
                "rank \(rank), flags \(flags)", expected: "a rank up to \(limits.rank), flags 0 or 1")
        }
        var shape: [Int] = []
        for _ in 0..<rank {
            let size = try message.long()
            guard let size = Int(exactly: size) else {
                throw message.malformed("a dimension of \(size)", expected: "less than 2^63")
            }
            shape.append(size)
        }
        guard let count = checkedProduct(shape) else {
            throw message.malformed("shape \(shape)", expected: "a number of elements below 2^63")
        }
        return (shape, count)
    }

    func readType(_ message: ByteCursor) throws(FileError) -> HDF5ElementType {
        var message = message
        let first = try message.byte()
        let bits = Int(try message.byte()) | Int(try message.byte()) << 8 | Int(try message.byte()) << 16
        let size = try message.word()
        guard (1...3).contains(first >> 4) else {
            throw message.malformed("version \(first >> 4)", expected: "1 to 3")
        }
        switch first & 15 {
        case 0:
            let offset = try message.short()
            let precision = try message.short()
            guard [1, 2, 4, 8].contains(size), bits & ~8 == 0, offset == 0, precision == size * 8 else {
                throw message.unsupported("an unusual integer type", expected: "little-endian, of 1, 2, 4 or 8 bytes")
            }
            return .integer(bytes: size, signed: bits & 8 != 0)
        case 1:
            let properties = Array(try message.take(12))
            if size == 4, bits == 0x1F20, properties == [0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0] { return .float32 }
            if size == 8, bits == 0x3F20, properties == [0, 0, 64, 0, 52, 11, 0, 52, 255, 3, 0, 0] { return .float64 }
            throw message.unsupported(
                "another floating-point type of \(size) bytes", expected: "IEEE little-endian, of 4 or 8 bytes")
        case 3:
            guard size > 0 else { throw message.malformed("text of 0 bytes", expected: "at least 1") }
            guard size <= limits.textBytes else {
                throw .tooLarge(file: name, field: message.field, found: size, limit: limits.textBytes)
            }
            return .text(bytes: size, spaces: bits & 15 == 2)
        case 9:
            guard bits & 15 == 1, size == 16 else {
                throw message.unsupported("lists of variable length", expected: "plain elements, or text")
            }
            return .variableText
        default:
            throw message.unsupported("datatype class \(first & 15)", expected: "integers, floats or text")
        }
    }

    func readDataset(_ header: HDF5Header, path: String) throws(FileError) -> HDF5Dataset {
        guard let space = header.space, let type = header.type, let layout = header.layout else {
            throw .malformed(
                file: name, field: path, found: "no dataspace, datatype or layout", expected: "all three of a dataset",
                fix: "the file is damaged; create it again")
        }
        let (shape, count) = try readShape(space)
        let element = try readType(type)
        let (size, overflow) = count.multipliedReportingOverflow(by: element.size)
        guard !overflow else { throw space.malformed("shape \(shape)", expected: "a size below 2^63") }
        let bytes = try readLayout(layout, size: size, path: path)
        let value: HDF5Value
        switch element {
        case .float32: value = .float32(copiedElements(bytes, as: Float.self))
        case .integer(2, false): value = .float16bits(copiedElements(bytes, as: UInt16.self))
        case .integer(8, true): value = .int64(copiedElements(bytes, as: Int64.self))
        case .integer(1, false): value = .uint8(copiedElements(bytes, as: UInt8.self))
        default:
            throw type.unsupported("elements of type \(element)", expected: "float32, uint16, int64 or uint8")
        }
        return HDF5Dataset(shape: shape, value: value, attributes: try readAttributes(header, path: path))
    }

    /// Where a dataset's bytes are: exactly `size` of them, or an error.
    private func readLayout(
        _ message: ByteCursor, size: Int, path: String
    ) throws(FileError) -> UnsafeRawBufferPointer {
        var message = message
        let version = try message.byte()
        guard version == 3 || version == 4 else {
            throw message.unsupported("version \(version)", expected: "3 or 4")
        }
        switch try message.byte() {
        case 0:
            let count = try message.short()
            guard count == size else { throw message.malformed("\(count) bytes", expected: "\(size) for its shape") }
            return try message.take(count)
        case 1:
            let address = try message.long()
            let count = try message.long()
            guard count == UInt64(size) else {
                throw message.malformed("\(count) bytes", expected: "\(size) for its shape")
            }
            if size == 0 { return UnsafeRawBufferPointer(start: nil, count: 0) }
            guard address != Self.undefined else {
                throw message.unsupported("data never written", expected: "\(size) bytes")
            }
            return try part(at: address, count: count, field: "\(path): data").rest
        case let kind:
            let found = kind == 2 ? "chunked" : kind == 3 ? "virtual" : "of kind \(kind)"
            throw message.unsupported("data that is \(found)", expected: "contiguous or compact")
        }
    }
}
