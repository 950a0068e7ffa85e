import Foundation

/// Several safetensors files with an index (`model.safetensors.index.json`) of which tensor is in which: how large models are
/// saved. Everything that the index says is checked against the files when it is opened.
package final class ShardedSafetensors: Sendable {
    /// In the order of their names.
    package let files: [SafetensorsFile]
    /// Each tensor's file, as the index of `files`.
    private let places: [String: Int]
    /// The index, as messages name it.
    package let name: String

    /// An index takes some 100 bytes a tensor; a JSON tree takes 40 bytes of memory a byte.
    private static let mostBytes = 16 << 20

    /// One file alone.
    package init(file: SafetensorsFile) {
        files = [file]
        name = file.name
        places = file.tensors.mapValues { _ in 0 }
    }

    /// - Throws: `FileError` for an index that is damaged or names something else than files beside it, for a file that is
    ///   missing, and for a tensor that is not in the file that the index names, or in a second one too
    package convenience init(index url: URL) throws(FileError) {
        let map = try MappedFile(url)
        guard map.bytes.count <= Self.mostBytes else {
            throw .tooLarge(file: map.name, field: "size", found: map.bytes.count, limit: Self.mostBytes)
        }
        try self.init(map.withBytes { [UInt8]($0) }, name: map.name, folder: url.deletingLastPathComponent())
    }

    /// The same from the index's bytes.
    package init(_ bytes: [UInt8], name: String, folder: URL) throws(FileError) {
        self.name = name
        let entries = try Self.entries(bytes, name)
        let shards = Set(entries.map(\.file)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        var files: [SafetensorsFile] = []
        for shard in shards {
            let url = folder.appendingPathComponent(shard)
            guard FileManager.default.fileExists(atPath: url.path) else {
                throw Self.wrong(
                    name, "weight_map", "the file \(shard), which is missing", "this file beside the index",
                    "download \(shard) into the same folder")
            }
            files.append(try SafetensorsFile(url))
        }
        let numbers = Dictionary(shards.enumerated().map { ($1, $0) }) { first, _ in first }
        var places: [String: Int] = [:]
        for (tensor, shard) in entries {
            guard let number = numbers[shard], files[number].tensors[tensor] != nil else {
                throw Self.wrong(
                    name, "weight_map.\(tensor)", "\(shard), which does not contain this tensor", "the file that does",
                    "download the index and all its files again")
            }
            if let other = files.indices.first(where: { $0 != number && files[$0].tensors[tensor] != nil }) {
                throw Self.wrong(
                    name, "weight_map.\(tensor)", "\(shard), but \(shards[other]) contains this tensor too",
                    "each tensor in one file", "download the index and all its files again")
            }
            places[tensor] = number
        }
        self.files = files
        self.places = places
    }

    /// The names of all tensors that can be read.
    package var names: some Sequence<String> { places.keys }

    /// The file that holds a tensor; nil where there is no such tensor.
    package func file(of tensor: String) -> SafetensorsFile? { places[tensor].map { files[$0] } }

    /// Lets the system take the mapped pages back until they are read again.
    package func releasePages() { for file in files { file.releasePages() } }

    private static func wrong(
        _ file: String, _ field: String, _ found: String, _ expected: String,
        _ fix: String = "download the index again"
    ) -> FileError {
        .malformed(file: file, field: field, found: found, expected: expected, fix: fix)
    }

    private static func entries(
        _ bytes: [UInt8], _ name: String
    ) throws(FileError) -> [(tensor: String, file: String)] {
        if let other = ForeignContent(bytes) {
            throw wrong(name, "content", other.found, "JSON", other.fix)
        }
        let value: JSONValue
        do {
            value = try JSONReader.read(bytes)
        } catch {
            throw wrong(name, "byte \(error.offset)", error.found, error.expected)
        }
        guard case .object(let members) = value else { throw wrong(name, "content", value.summary, "an object") }
        let maps = members.filter { $0.key == "weight_map" }
        guard maps.count == 1, case .object(let map) = maps[0].value else {
            throw wrong(
                name, "weight_map", maps.count == 1 ? maps[0].value.summary : "\(maps.count) of them",
                "an object from tensors to files")
        }
        guard !map.isEmpty else { throw wrong(name, "weight_map", "no tensor", "a file for each tensor") }
        var seen = Set<String>(minimumCapacity: map.count)
        var entries: [(tensor: String, file: String)] = []
        for (tensor, value) in map {
            let field = "weight_map.\(tensor)"
            guard case .string(let file) = value, isPlain(file) else {
                throw wrong(name, field, value.summary, "the name of a .safetensors file in the same folder")
            }
            guard seen.insert(tensor).inserted else {
                throw wrong(name, field, "a duplicate entry", "each tensor once")
            }
            entries.append((tensor, file))
        }
        return entries
    }

    /// A file's name, not a path: an index must not reach out of its folder.
    private static func isPlain(_ name: String) -> Bool {
        name.hasSuffix(".safetensors") && name.utf8.count <= 255 && !name.hasPrefix(".")
            && !name.unicodeScalars.contains { $0 == "/" || $0 == "\\" || $0.value < 0x20 || $0.value == 0x7F }
    }
}
