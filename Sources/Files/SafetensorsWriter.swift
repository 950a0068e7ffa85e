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
        var seen = Set<String>()
        for (name, shape, value) in tensors {
            guard name != "__metadata__", seen.insert(name).inserted else {
                throw .notWritable(field: "tensor \(name)", found: "this name twice", expected: "each once")
            }
            guard shape.allSatisfy({ $0 >= 0 }), checkedProduct(shape) == value.count else {
                throw .notWritable(
                    field: "tensor \(name)", found: "\(value.count) elements", expected: "as many as shape \(shape)")
            }
        }
        let sorted = tensors.sorted { left, right in
            let ranks = (left.value.type.rank, right.value.type.rank)
            return ranks.0 == ranks.1 ? hdf5NameOrder(left.name, right.name) : ranks.0 > ranks.1
        }

        var members: [String] = []
        if !metadata.isEmpty {
            let strings = metadata.sorted { hdf5NameOrder($0.key, $1.key) }
            members.append(
                "\"__metadata__\":{" + strings.map { "\(quoted($0)):\(quoted($1))" }.joined(separator: ",") + "}")
        }
        var offset = 0
        for (name, shape, value) in sorted {
            let end = offset + value.count * (value.type.size ?? 0)
            let sizes = shape.map(String.init).joined(separator: ",")
            members.append(
                "\(quoted(name)):{\"dtype\":\"\(value.type.name)\",\"shape\":[\(sizes)],"
                    + "\"data_offsets\":[\(offset),\(end)]}")
            offset = end
        }
        var header = Data(("{" + members.joined(separator: ",") + "}").utf8)
        header.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - header.count % 8) % 8))

        var data = Data(capacity: 8 + header.count + offset)
        withUnsafeBytes(of: UInt64(header.count).littleEndian) { data.append(contentsOf: $0) }
        data.append(header)
        for tensor in sorted {
            tensor.value.withBytes { data.append(contentsOf: $0) }
        }
        return data
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
