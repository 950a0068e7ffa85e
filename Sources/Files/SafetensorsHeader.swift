/// The JSON header of a safetensors file, read by its own narrow grammar.
///
/// A general JSON reader would take a name twice, and build nested values of any size before they are refused.
struct SafetensorsHeader {
    struct Entry {
        var name: String
        var type: SafetensorsType
        var shape: [Int]
        /// Byte offsets within the data that follows the header, not yet checked.
        var begin: Int
        var end: Int
    }

    private(set) var entries: [Entry] = []
    private(set) var metadata: [String: String] = [:]

    private static let maximalRank = 64

    /// - Parameters:
    ///   - bytes: the header, with the spaces that pad it
    ///   - file: what error messages call the file
    init(_ bytes: UnsafeRawBufferPointer, file: String) throws(FileError) {
        var json = JSONScanner(bytes, file: file)
        var seen = Set<[UInt8]>()
        // The format forbids white space before the first brace.
        guard bytes.first == UInt8(ascii: "{") else { throw json.unexpected(expected: "'{' as first byte") }
        var hasMetadata = false
        try json.object { json, name throws(FileError) in
            guard name != "__metadata__" else {
                guard !hasMetadata else { throw json.malformed("two objects '__metadata__'", expected: "one") }
                hasMetadata = true
                try json.object { json, key throws(FileError) in
                    guard metadata.updateValue(try json.string(), forKey: key) == nil else {
                        throw json.malformed("__metadata__: '\(key)' appears twice", expected: "each key once")
                    }
                }
                return
            }
            guard seen.insert(Array(name.utf8)).inserted else {
                throw json.malformed("tensor '\(name)' appears twice", expected: "each name once")
            }
            entries.append(try Self.entry(name, &json))
        }
        try json.end()
    }

    private static func entry(_ name: String, _ json: inout JSONScanner) throws(FileError) -> Entry {
        var type: SafetensorsType?
        var shape: [Int]?
        var offsets: [Int]?
        try json.object { json, key throws(FileError) in
            switch key {
            case "dtype" where type == nil: type = SafetensorsType(name: try json.string())
            case "shape" where shape == nil: shape = try json.numbers(atMost: maximalRank)
            case "data_offsets" where offsets == nil: offsets = try json.numbers(atMost: 2)
            default:
                throw json.malformed(
                    "tensor '\(name)' has '\(key)'", expected: "dtype, shape and data_offsets, each once")
            }
        }
        guard let type, let shape, let offsets, offsets.count == 2 else {
            throw json.malformed("tensor '\(name)' is incomplete", expected: "dtype, shape and two data_offsets")
        }
        return Entry(name: name, type: type, shape: shape, begin: offsets[0], end: offsets[1])
    }
}
