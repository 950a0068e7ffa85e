/// The type of a tensor's elements in a safetensors file.
package enum SafetensorsType: Hashable, Sendable {
    case bool, uint8, int8, int16, uint16, float16, bfloat16, int32, uint32, float32, float64, int64, uint64
    case float8e5m2, float8e4m3, complex64
    /// A type this reader does not know, by its name in the file; an error only when its tensor is read.
    case unknown(String)

    /// Known types with their names and bytes an element, in the order of the format's own library.
    static let table: [(type: SafetensorsType, name: String, size: Int)] = [
        (.bool, "BOOL", 1), (.uint8, "U8", 1), (.int8, "I8", 1), (.float8e5m2, "F8_E5M2", 1),
        (.float8e4m3, "F8_E4M3", 1), (.int16, "I16", 2), (.uint16, "U16", 2), (.float16, "F16", 2),
        (.bfloat16, "BF16", 2), (.int32, "I32", 4), (.uint32, "U32", 4), (.float32, "F32", 4), (.complex64, "C64", 8),
        (.float64, "F64", 8), (.int64, "I64", 8), (.uint64, "U64", 8),
    ]

    init(name: String) {
        self = Self.table.first { $0.name == name }?.type ?? .unknown(name)
    }

    /// The name in the file ("BF16").
    package var name: String {
        if case .unknown(let name) = self { return name }
        return Self.table.first { $0.type == self }?.name ?? ""
    }

    /// Bytes an element, nil for an unknown type.
    package var size: Int? { Self.table.first { $0.type == self }?.size }

    /// Where the type stands when a writer sorts: wide types first, so that every tensor is aligned.
    var rank: Int { Self.table.firstIndex { $0.type == self } ?? -1 }
}
