import Foundation

/// A safetensors file, mapped into memory and wholly checked when it is opened.
///
/// Layout: u64 length of the header, the header in JSON, then the tensors' bytes without gap or overlap.
package final class SafetensorsFile: Sendable {
    private let file: MappedFile

    /// Lets the system take the mapped pages back until they are read again.
    package func releasePages() { file.releasePages() }
    /// Every tensor by name.
    package let tensors: [String: SafetensorsTensor]
    /// The strings under `__metadata__`.
    package let metadata: [String: String]

    /// The path, as messages name it.
    package var name: String { file.name }
    /// Names of the tensors, sorted.
    package var names: [String] { tensors.keys.sorted() }

    /// The format's own library holds headers to this too.
    static let maximalHeader = 100_000_000

    /// Opens and checks: lengths, JSON, names, types against shapes, and that the tensors fill the data exactly.
    /// - Throws: `FileError.system`, `.notAFile`, `.malformed` or `.tooLarge`; an unknown type only when read.
    package init(_ url: URL) throws(FileError) {
        file = try MappedFile(url)
        let bytes = file.bytes
        guard bytes.count >= 8 else { throw Self.malformed(file.name, "length", "\(bytes.count) bytes", "at least 8") }
        let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        // Only where it cannot be a header: the length of a good one may have the bytes of another format's mark.
        if length > UInt64(bytes.count - 8) || bytes.count > 8 && bytes[8] != UInt8(ascii: "{"),
            let other = ForeignContent(bytes)
        {
            throw .malformed(
                file: file.name, field: "content", found: other.found, expected: "safetensors", fix: other.fix)
        }
        guard length <= UInt64(bytes.count - 8) else {
            throw Self.malformed(file.name, "header length", "\(length)", "at most the \(bytes.count - 8) that follow")
        }
        guard length <= Self.maximalHeader else {
            throw .tooLarge(file: file.name, field: "header length", found: Int(length), limit: Self.maximalHeader)
        }
        let text = UnsafeRawBufferPointer(rebasing: bytes[8..<8 + Int(length)])
        let header = try SafetensorsHeader(text, file: file.name)
        metadata = header.metadata
        tensors = try Self.place(header.entries, in: 8 + Int(length), of: file)
    }

    private static func malformed(_ file: String, _ field: String, _ found: String, _ expected: String) -> FileError {
        .malformed(
            file: file, field: field, found: found, expected: expected,
            fix: "the file is damaged or not safetensors; download it again")
    }

    private static func place(
        _ entries: [SafetensorsHeader.Entry], in start: Int, of file: MappedFile
    ) throws(FileError) -> [String: SafetensorsTensor] {
        let total = file.bytes.count - start
        var tensors: [String: SafetensorsTensor] = [:]
        tensors.reserveCapacity(entries.count)
        var next = 0
        for entry in entries.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
            let field = "tensor \(entry.name)"
            guard entry.begin == next, entry.end >= entry.begin, entry.end <= total else {
                throw malformed(
                    file.name, field, "data_offsets [\(entry.begin), \(entry.end)]",
                    "a range from \(next) on, within \(total) bytes, without gap or overlap")
            }
            next = entry.end
            guard let count = checkedProduct(entry.shape) else {
                throw malformed(file.name, field, "shape \(entry.shape)", "fewer than 2^63 elements")
            }
            if let size = entry.type.size {
                let (bytes, overflow) = count.multipliedReportingOverflow(by: size)
                guard !overflow, bytes == entry.end - entry.begin else {
                    throw malformed(
                        file.name, field, "\(entry.end - entry.begin) bytes",
                        "as many as \(entry.type.name) of shape \(entry.shape) takes")
                }
            }
            let range = start + entry.begin..<start + entry.end
            // Two spellings of one name (é) are two names in the file, but one key here.
            let tensor = SafetensorsTensor(
                dtype: entry.type, shape: entry.shape, count: count, range: range, file: file)
            guard tensors.updateValue(tensor, forKey: entry.name) == nil else {
                throw malformed(file.name, field, "a name that equals another one in Unicode", "different names")
            }
        }
        guard next == total else {
            throw malformed(file.name, "data", "\(total) bytes", "the \(next) that the tensors take")
        }
        return tensors
    }

    /// The tensor of this name.
    /// - Throws: `FileError.missing`, with the names that are there
    package func tensor(_ name: String) throws(FileError) -> SafetensorsTensor {
        guard let tensor = tensors[name] else {
            throw .missing(file: file.name, name: "tensor \(name)", present: names)
        }
        return tensor
    }
}

/// One tensor of a safetensors file; it keeps the file mapped.
package struct SafetensorsTensor: Sendable {
    package let dtype: SafetensorsType
    /// Sizes of the dimensions, slowest first; [] is a scalar.
    package let shape: [Int]
    /// Elements.
    package let count: Int
    fileprivate let range: Range<Int>
    fileprivate let file: MappedFile

    fileprivate init(dtype: SafetensorsType, shape: [Int], count: Int, range: Range<Int>, file: MappedFile) {
        (self.dtype, self.shape, self.count, self.range, self.file) = (dtype, shape, count, range, file)
    }

    /// The tensor's bytes, little-endian, perhaps unaligned; valid while the file or a tensor of it lives.
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: file.bytes[range]) }

    /// Lets the system take this tensor's pages back until they are read again.
    package func releasePages() { file.releasePages(bytes) }

    /// Keeps the file mapped for as long as `body` runs.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        file.withBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }
}
