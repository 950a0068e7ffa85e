import Foundation

/// Writes GGUF files for tests, right ones and wrong ones.
struct GGUFBuilder {
    struct Tensor {
        var name: String
        /// Fastest first, as in the file.
        var sizes: [UInt64]
        var code: UInt32
        var offset: UInt64
    }

    var version: UInt32 = 3
    /// nil: as many as there are.
    var fieldCount: UInt64?
    var tensorCount: UInt64?
    var fields: [(key: [UInt8], type: UInt32, value: [UInt8])] = []
    var tensors: [Tensor] = []
    var alignment = 32
    var data: [UInt8] = []

    static func number(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }

    static func text(_ text: String) -> [UInt8] { number(UInt64(text.utf8.count)) + Array(text.utf8) }

    /// A list's type, length and elements.
    static func list(_ type: UInt32, count: UInt64, _ elements: [UInt8]) -> [UInt8] {
        number(type) + number(count) + elements
    }

    mutating func add(_ key: String, _ type: UInt32, _ value: [UInt8]) { fields.append((Array(key.utf8), type, value)) }

    var bytes: [UInt8] {
        var bytes = Array("GGUF".utf8) + Self.number(version)
        bytes += Self.number(tensorCount ?? UInt64(tensors.count)) + Self.number(fieldCount ?? UInt64(fields.count))
        for field in fields {
            bytes += Self.number(UInt64(field.key.count)) + field.key + Self.number(field.type) + field.value
        }
        for tensor in tensors {
            bytes += Self.text(tensor.name) + Self.number(UInt32(tensor.sizes.count))
            for size in tensor.sizes { bytes += Self.number(size) }
            bytes += Self.number(tensor.code) + Self.number(tensor.offset)
        }
        while bytes.count % alignment != 0 { bytes.append(0) }
        return bytes + data
    }

    /// A number, a text, a list of texts, 64 weights in Q4_0 and three in F32.
    static func small() -> GGUFBuilder {
        var file = GGUFBuilder()
        file.add("a.count", 4, number(UInt32(7)))
        file.add("a.name", 8, text("tiny"))
        file.add("a.words", 9, list(8, count: 2, text("one") + text("é")))
        file.tensors = [
            Tensor(name: "w", sizes: [32, 2], code: 2, offset: 0), Tensor(name: "b", sizes: [3], code: 0, offset: 64),
        ]
        file.data = [UInt8](repeating: 0x11, count: 36) + [UInt8](repeating: 0, count: 28)
        for value in [1, 2, 3] as [Float] { file.data += number(value.bitPattern) }
        return file
    }
}
