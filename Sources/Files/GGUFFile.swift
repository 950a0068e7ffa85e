import Foundation

/// A GGUF file, mapped into memory and checked when it is opened: llama.cpp's format for a model in one file, with weights that
/// may be in blocks of few bits, its numbers and its tokenizer.
///
/// Little-endian files of version 2 or 3. The metadata and the tensors' bytes stay in the file until they are read.
package final class GGUFFile: Sendable {
    private let file: MappedFile
    private let header: GGUFHeader
    /// Every tensor by name.
    package let tensors: [String: GGUFTensor]

    /// The path, as messages name it.
    package var name: String { file.name }
    package var version: Int { header.version }
    /// The keys of the metadata, in the order of the file.
    package var keys: [String] { header.keys }
    /// Names of the tensors, in the order of the file.
    package var names: [String] { header.entries.map(\.name) }

    /// What the format says for a file that says nothing, and the most that is taken.
    private static let (usualAlignment, mostAlignment) = (32, 1 << 20)

    /// - Throws: `FileError.system`, `.notAFile`; `.malformed` or `.unsupported` at the first thing that does not fit: version,
    ///   counts and lengths against the file's end, keys and names twice, types against sizes, tensors that overlap or are not
    ///   aligned. An unknown tensor type is an error only when it is read.
    package init(_ url: URL) throws(FileError) {
        file = try MappedFile(url)
        header = try GGUFHeader(file.bytes, file: file.name)
        tensors = try Self.place(header, in: file)
    }

    private static func alignment(_ header: GGUFHeader, in file: MappedFile) throws(FileError) -> Int {
        let key = "general.alignment"
        guard let field = header.fields[key] else { return usualAlignment }
        var alignment = 0
        if field.type == .uint32, field.count == nil {
            let bits = file.bytes.loadUnaligned(fromByteOffset: field.range.lowerBound, as: UInt32.self)
            alignment = Int(UInt32(littleEndian: bits))
        }
        guard alignment > 0, alignment <= mostAlignment, alignment & (alignment - 1) == 0 else {
            throw .malformed(
                file: file.name, field: key, found: alignment > 0 ? "\(alignment)" : field.summary,
                expected: "a power of two up to \(mostAlignment) (uint32)", fix: GGUFHeader.fix)
        }
        return alignment
    }

    /// Every tensor aligned, behind the header and before the end, none on another.
    private static func place(
        _ header: GGUFHeader, in file: MappedFile
    ) throws(FileError) -> [String: GGUFTensor] {
        let alignment = try alignment(header, in: file)
        let start = (header.end + alignment - 1) / alignment * alignment
        let total = max(0, file.bytes.count - start)
        var tensors: [String: GGUFTensor] = [:]
        tensors.reserveCapacity(header.entries.count)
        var free = 0
        for entry in header.entries.sorted(by: { ($0.offset, $0.size ?? 0) < ($1.offset, $1.size ?? 0) }) {
            func wrong(_ found: String, _ expected: String) -> FileError {
                .malformed(
                    file: file.name, field: "tensor \(entry.name)", found: found, expected: expected,
                    fix: GGUFHeader.fix)
            }
            guard entry.offset % UInt64(alignment) == 0 else {
                throw wrong("data from byte \(entry.offset)", "a multiple of \(alignment)")
            }
            let size = entry.size ?? 0
            guard let offset = Int(exactly: entry.offset), offset <= total, size <= total - offset else {
                throw wrong(
                    "\(counted(size, "byte")) from \(entry.offset)", "a part of the \(counted(total, "byte")) of data")
            }
            guard offset >= free else {
                throw wrong("data from byte \(offset)", "\(free) or later, as another tensor ends there")
            }
            free = offset + size
            let range = start + offset..<start + offset + size
            tensors[entry.name] = GGUFTensor(entry, range: range, file: file)
        }
        return tensors
    }

    /// The GGUF file of a model's folder; nil if there is none.
    /// - Throws: `FileError.unsupported` if there are several: variants of one model, or its parts
    package static func only(in folder: URL) throws(FileError) -> URL? {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
            .filter { $0.hasSuffix(".gguf") }
        guard names.count < 2 else {
            throw .unsupported(
                file: folder.path, field: "files", found: names.prefix(3).joined(separator: ", "),
                expected: "one GGUF file", fix: "put the file to be used in a folder of its own")
        }
        return names.first.map { folder.appendingPathComponent($0) }
    }

    /// The tensor of this name.
    /// - Throws: `FileError.missing`, with the names that are there
    package func tensor(_ name: String) throws(FileError) -> GGUFTensor {
        guard let tensor = tensors[name] else {
            throw .missing(file: file.name, name: "tensor \(name)", present: names)
        }
        return tensor
    }

    /// Lets the system take the mapped pages back until they are read again.
    package func releasePages() { file.releasePages() }

    // MARK: For the metadata

    func field(_ key: String) -> GGUFField? { header.fields[key] }

    func withBytes<Result>(
        of field: GGUFField, _ body: (UnsafeRawBufferPointer) throws(FileError) -> Result
    ) throws(FileError) -> Result {
        try file.withBytes { (bytes) throws(FileError) in
            try body(UnsafeRawBufferPointer(rebasing: bytes[field.range]))
        }
    }
}

/// One tensor of a GGUF file; it keeps the file mapped.
package struct GGUFTensor: Sendable {
    package let name: String
    package let type: GGUFType
    /// Sizes of the dimensions, slowest first. Rows (the last dimension) are whole blocks.
    package let shape: [Int]
    /// Elements.
    package let count: Int
    private let range: Range<Int>
    private let file: MappedFile

    fileprivate init(_ entry: GGUFHeader.Entry, range: Range<Int>, file: MappedFile) {
        (name, type, shape, count) = (entry.name, entry.type, entry.shape, entry.count)
        (self.range, self.file) = (range, file)
    }

    /// The tensor's blocks as they lie in the file, row after row; valid while the file or a tensor of it lives. Empty for an
    /// unknown type.
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: file.bytes[range]) }

    /// Lets the system take this tensor's pages back until they are read again.
    package func releasePages() { file.releasePages(bytes) }

    /// Writes elements as float32.
    /// - Parameters:
    ///   - part: which elements; its ends are multiples of the type's block
    ///   - values: room for `part.count` numbers
    /// - Throws: `FileError.unsupported` for an unknown type; `.malformed` for a weight that is NaN or infinite
    package func copyFloats(_ part: Range<Int>, to values: UnsafeMutablePointer<Float>) throws(FileError) {
        guard let block = type.block else {
            throw .unsupported(
                file: file.name, field: "tensor \(name)", found: type.name, expected: GGUFType.known,
                fix: "use a file of this model in one of these types")
        }
        precondition(part.lowerBound >= 0 && part.upperBound <= count, "a part within the tensor")
        precondition(part.lowerBound % block.elements == 0 && part.upperBound % block.elements == 0, "whole blocks")
        file.withBytes { all in
            let bytes = UnsafeRawBufferPointer(rebasing: all[range])
            let blocks = part.lowerBound / block.elements..<part.upperBound / block.elements
            GGUFBlocks.unpack(
                type,
                UnsafeRawBufferPointer(
                    rebasing: bytes[blocks.lowerBound * block.bytes..<blocks.upperBound * block.bytes]),
                to: values)
        }
        let made = UnsafeBufferPointer(start: values, count: part.count)
        if let bad = made.firstIndex(where: { !$0.isFinite }) {
            throw .malformed(
                file: file.name, field: "tensor \(name)", found: "\(made[bad]) at element \(part.lowerBound + bad)",
                expected: "finite numbers", fix: GGUFHeader.fix)
        }
    }

    /// All elements as float32, or some; newly allocated.
    /// - Throws: as `copyFloats`
    package func floats(_ part: Range<Int>? = nil) throws(FileError) -> [Float] {
        let part = part ?? 0..<count
        var failure: FileError?
        let values = [Float](unsafeUninitializedCapacity: part.count) { buffer, initialized in
            guard let start = buffer.baseAddress, !part.isEmpty else { return }
            do throws(FileError) {
                try copyFloats(part, to: start)
                initialized = part.count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return values
    }
}
