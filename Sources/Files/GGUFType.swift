/// How a tensor's elements lie in a GGUF file: as single numbers, or as blocks of numbers that share a scale.
package enum GGUFType: Hashable, Sendable {
    case float32, float16, bfloat16
    /// Blocks of 32: a scale and signed bytes.
    case q80
    /// Blocks of 32 with four bits each: a scale; a scale and a minimum.
    case q40, q41
    /// The same with five bits each.
    case q50, q51
    /// Blocks of 256 in eight parts with a scale and a minimum each, four bits an element.
    case q4K
    /// Blocks of 256 in sixteen parts with a scale each, six bits an element.
    case q6K
    /// A type that this reader does not know, by its number; an error only when its tensor is read.
    case unknown(UInt32)

    /// Known types: their number and name in the format, elements a block, and bytes a block.
    static let table: [(type: GGUFType, code: UInt32, name: String, elements: Int, bytes: Int)] = [
        (.float32, 0, "F32", 1, 4), (.float16, 1, "F16", 1, 2), (.q40, 2, "Q4_0", 32, 18), (.q41, 3, "Q4_1", 32, 20),
        (.q50, 6, "Q5_0", 32, 22), (.q51, 7, "Q5_1", 32, 24), (.q80, 8, "Q8_0", 32, 34), (.q4K, 12, "Q4_K", 256, 144),
        (.q6K, 14, "Q6_K", 256, 210), (.bfloat16, 30, "BF16", 1, 2),
    ]

    /// Names of some types that are not read, so that a message has the word under which files are published.
    private static let others: [UInt32: String] = [
        9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 13: "Q5_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS",
        19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64",
        28: "F64", 29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
    ]

    init(code: UInt32) {
        self = Self.table.first { $0.code == code }?.type ?? .unknown(code)
    }

    /// The name in the format ("Q4_1").
    package var name: String {
        if case .unknown(let code) = self { return Self.others[code] ?? "type \(code)" }
        return Self.table.first { $0.type == self }?.name ?? ""
    }

    /// The names of the types that are read, for messages.
    static var known: String { table.map(\.name).joined(separator: ", ") }

    /// Elements and bytes of a block; nil for an unknown type.
    package var block: (elements: Int, bytes: Int)? {
        Self.table.first { $0.type == self }.map { ($0.elements, $0.bytes) }
    }
}
