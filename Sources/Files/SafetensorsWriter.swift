import Foundation

/// The elements of a tensor that is to be written to a safetensors file.
package enum SafetensorsValue: Equatable, Sendable {
    case float32([Float])
    case float64([Double])
    /// IEEE half precision, as bits.
    case float16bits([UInt16])
    /// The upper halves of float32, as bits.
    case bfloat16bits([UInt16])
    case int64([Int64])
    case int32([Int32])
    case uint8([UInt8])

    package var type: SafetensorsType {
        switch self {
        case .float32: .float32
        case .float64: .float64
        case .float16bits: .float16
        case .bfloat16bits: .bfloat16
        case .int64: .int64
        case .int32: .int32
        case .uint8: .uint8
        }
    }

    package var count: Int {
        switch self {
        case .float32(let elements): elements.count
        case .float64(let elements): elements.count
        case .float16bits(let elements), .bfloat16bits(let elements): elements.count
        case .int64(let elements): elements.count
        case .int32(let elements): elements.count
        case .uint8(let elements): elements.count
        }
    }

    fileprivate func withBytes(_ body: (UnsafeRawBufferPointer) -> Void) {
        switch self {
        case .float32(let elements): elements.withUnsafeBytes(body)
        case .float64(let elements): elements.withUnsafeBytes(body)
        case .float16bits(let elements), .bfloat16bits(let elements): elements.withUnsafeBytes(body)
        case .int64(let elements): elements.withUnsafeBytes(body)
        case .int32(let elements): elements.withUnsafeBytes(body)
        case .uint8(let elements): elements.withUnsafeBytes(body)
        }
    }
}

/// Makes safetensors files that the format's own library reads, and byte for byte as it writes them.
package enum SafetensorsWriter {
    /// The bytes of a file with these tensors and strings; their order does not matter.
    ///
    /// Tensors stand in the order of the format's library: wide types first, then by name. (That library writes
    /// several metadata strings in random order; here they are sorted.)
    /// - Throws: `FileError.notWritable` for a name twice, or elements that do not fit their shape
    package static func data(
        tensors: [(name: String, shape: [Int], value: SafetensorsValue)], metadata: [String: String] = [:]
    ) throws(FileError) -> Data {
        for (name, shape, value) in tensors where checkedProduct(shape) != value.count {
            throw .notWritable(
                field: "tensor \(name)", found: "\(value.count) elements", expected: "as many as shape \(shape) has")
        }
        let (header, order) = try header(tensors: tensors.map { ($0, $1, $2.type) }, metadata: metadata)
        var data = Data(capacity: header.count + tensors.reduce(0) { $0 + $1.value.count * ($1.value.type.size ?? 0) })
        data.append(header)
        for i in order { tensors[i].value.withBytes { data.append(contentsOf: $0) } }
        return data
    }

    /// What stands before the tensors' bytes, and the order in which these follow (indices of `tensors`): for who writes
    /// them from where they lie.
    /// - Throws: `FileError.notWritable` for a name twice, or a shape that has no size
    package static func header(
        tensors: [(name: String, shape: [Int], type: SafetensorsType)], metadata: [String: String] = [:]
    ) throws(FileError) -> (bytes: Data, order: [Int]) {
        var seen = Set<String>()
        for (name, shape, _) in tensors {
            guard name != "__metadata__", seen.insert(name).inserted else {
                throw .notWritable(field: "tensor \(name)", found: "a duplicate name", expected: "each name once")
            }
            guard shape.allSatisfy({ $0 >= 0 }), checkedProduct(shape) != nil else {
                throw .notWritable(field: "tensor \(name)", found: "shape \(shape)", expected: "sizes of 0 or more")
            }
        }
        let order = tensors.indices.sorted { i, j in
            let ranks = (tensors[i].type.rank, tensors[j].type.rank)
            return ranks.0 == ranks.1 ? hdf5NameOrder(tensors[i].name, tensors[j].name) : ranks.0 > ranks.1
        }

        var members: [String] = []
        if !metadata.isEmpty {
            let strings = metadata.sorted { hdf5NameOrder($0.key, $1.key) }
            members.append(
                "\"__metadata__\":{" + strings.map { "\(quoted($0)):\(quoted($1))" }.joined(separator: ",") + "}")
        }
        var offset = 0
        for (name, shape, type) in order.map({ tensors[$0] }) {
            let end = offset + (checkedProduct(shape) ?? 0) * (type.size ?? 0)
            let sizes = shape.map(String.init).joined(separator: ",")
            members.append(
                "\(quoted(name)):{\"dtype\":\"\(type.name)\",\"shape\":[\(sizes)],"
                    + "\"data_offsets\":[\(offset),\(end)]}")
            offset = end
        }
        var text = Data(("{" + members.joined(separator: ",") + "}").utf8)
        text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - text.count % 8) % 8))
        var bytes = Data(capacity: 8 + text.count)
        withUnsafeBytes(of: UInt64(text.count).littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(text)
        return (bytes, order)
    }

    /// A JSON string that escapes only what it must.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{8}": result += "\\b"
            case "\u{C}": result += "\\f"
            case "\0"..<" ":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
