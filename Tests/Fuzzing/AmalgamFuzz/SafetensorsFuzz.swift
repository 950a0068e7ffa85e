import Foundation

@testable import Files

/// A safetensors file and every way to read its tensors.
enum SafetensorsFuzz: FuzzedReader {
    static let name = "safetensors"
    static let files = [
        "Files/SafetensorsFile.swift", "Files/SafetensorsFile+Values.swift", "Files/SafetensorsHeader.swift",
        "Files/SafetensorsType.swift", "Files/JSONScanner.swift", "Files/Elements.swift", "Files/MappedFile.swift",
    ]
    static let tokens = words(
        "\"dtype\":", "\"shape\":", "\"data_offsets\":", "\"__metadata__\":", "\"F32\"", "\"BF16\"", "\"F16\"",
        "\"F64\"", "\"I64\"", "\"U64\"", "\"F4\"", "[0,4]", "[9223372036854775807]", "4611686018427387904", "\\ud800",
        "\\ud83d\\ude00", "{", "}", ",\"b\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[4,4]}")
    static let memory = (constant: 1 << 14, perByte: 32)

    private static let path = "\(shared)/amalgam-fuzz-\(ProcessInfo.processInfo.processIdentifier).FILE"
    /// Memory where there is such a folder: each input is written once.
    private static var shared: String {
        FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
    }

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void {
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        Invariants.require(
            descriptor >= 0 && write(descriptor, bytes, bytes.count) == bytes.count, "cannot write \(path)")
        close(descriptor)
        // The mapping stays.
        defer { unlink(path) }
        let file = try SafetensorsFile(URL(fileURLWithPath: path))
        return {
            var values: [(name: String, shape: [Int], value: SafetensorsValue)] = []
            for name in file.names {
                let tensor = try file.tensor(name)
                if let pointer = try file.float32Pointer(name) { _ = pointer[tensor.count - 1].bitPattern }
                if let floats = attempt({ try file.floats(name) }), tensor.dtype == .float32 {
                    Invariants.require(floats.count == tensor.count, "\(floats.count) values for shape \(tensor.shape)")
                    values.append((name, tensor.shape, .float32(floats)))
                }
                if let numbers = attempt({ try file.int64s(name) }), tensor.dtype == .int64 {
                    values.append((name, tensor.shape, .int64(numbers)))
                }
            }
            let data = try SafetensorsWriter.data(tensors: values, metadata: file.metadata)
            try data.write(to: URL(fileURLWithPath: path))
            let back = try SafetensorsFile(URL(fileURLWithPath: path))
            unlink(path)
            Invariants.require(
                back.metadata == file.metadata && back.names == values.map(\.name).sorted(), "other names or metadata")
            for (name, shape, value) in values {
                Invariants.require(try back.tensor(name).shape == shape, "another shape of \(name)")
                if case .int64(let numbers) = value {
                    Invariants.require(try back.int64s(name) == numbers, "other values of \(name)")
                } else if case .float32(let floats) = value {
                    Invariants.require(
                        try back.floats(name).map(\.bitPattern) == floats.map(\.bitPattern), "other values of \(name)")
                }
            }
        }
    }

    /// A tensor of another type is refused in one line.
    private static func attempt<Value>(_ body: () throws -> Value) -> Value? {
        do { return try body() } catch {
            Invariants.require(!"\(error)".contains(where: \.isNewline), "a message of several lines")
            return nil
        }
    }

    /// The length of the header, and as many bytes of data as its largest offset says.
    static func repair(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
        guard bytes.count > 10 else { return }
        var length = Int(clamping: bytes[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
        if let end = bytes.lastIndex(of: UInt8(ascii: "}")), end >= 8, random.below(4) > 0 || length > bytes.count - 8 {
            length = end - 7
        }
        guard length <= bytes.count - 8 else { return }
        for index in 0..<8 { bytes[index] = UInt8(truncatingIfNeeded: length >> (8 * index)) }
        guard random.below(4) > 0 else { return }
        var largest = 0
        for word in String(decoding: bytes[8..<8 + length], as: UTF8.self).components(separatedBy: "data_offsets")
            .dropFirst()
        {
            for number in word.prefix(60).split(whereSeparator: { !$0.isNumber }).prefix(2) {
                if let value = Int(number), value <= 4096 { largest = max(largest, value) }
            }
        }
        while bytes.count < 8 + length + largest { bytes.append(UInt8(truncatingIfNeeded: random.next())) }
        bytes.removeLast(bytes.count - (8 + length + largest))
    }

    static func madeSeeds() throws -> [(name: String, bytes: [UInt8])] {
        let values: [(name: String, shape: [Int], value: SafetensorsValue)] = [
            ("a", [2, 3], .float32([1, 2, 3, 4, 5, 6])), ("b", [2], .int64([1, -2])), ("c", [3], .uint8([1, 2, 3])),
            ("half", [2], .float16bits([0x3C00, 1])), ("brain", [1, 2], .bfloat16bits([0x3F80, 0])),
            ("ünï \"q\"\n", [], .float64([0.5])), ("ids", [2, 1], .int32([1, -1])), ("none", [0, 4], .float32([])),
        ]
        return try [
            ("types.safetensors", values, ["format": "pt", "k\u{1}": "\\v\""]), ("one.safetensors", [values[0]], [:]),
        ].map { ($0, [UInt8](try SafetensorsWriter.data(tensors: $1, metadata: $2))) }
    }
}
