import Foundation

@testable import Files

/// A GGUF file, all its metadata and every tensor.
enum GGUFFuzz: FuzzedReader {
    static let name = "gguf"
    static let files = [
        "Files/GGUFFile.swift", "Files/GGUFHeader.swift", "Files/GGUFField.swift", "Files/GGUFType.swift",
        "Files/GGUFBlocks.swift", "Files/ByteCursor.swift",
    ]
    static let tokens: [[UInt8]] =
        words("GGUF", "general.alignment", "a", "é", "e\u{301}") + [
            [3, 0, 0, 0], [2, 0, 0, 0], [4, 0, 0, 0, 64, 0, 0, 0], [9, 0, 0, 0, 8, 0, 0, 0], [9, 0, 0, 0, 9, 0, 0, 0],
            [1, 0, 0, 0, 0, 0, 0, 0], [32, 0, 0, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0, 0, 0], [12, 0, 0, 0],
            [14, 0, 0, 0],
            [30, 0, 0, 0], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], [0, 0x7C],
        ]
    static let memory = (constant: 1 << 14, perByte: 32)

    private static let path = "\(shared)/amalgam-fuzz-gguf-\(ProcessInfo.processInfo.processIdentifier).FILE"
    /// Memory where there is such a folder: each input is written once.
    private static var shared: String {
        FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
    }

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void {
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        Invariants.require(
            descriptor >= 0 && write(descriptor, bytes, bytes.count) == bytes.count, "cannot write \(path)")
        close(descriptor)
        // The mapping stays
        defer { unlink(path) }
        let file = try GGUFFile(URL(fileURLWithPath: path))
        return { use(file) }
    }

    private static func use(_ file: GGUFFile) {
        Invariants.require(Set(file.keys).count == file.keys.count, "a key twice")
        for key in file.keys {
            // Each field is of one type: the other methods refuse it in one line
            let read: [() throws -> Bool] = [
                { try file.text(key) != nil }, { try file.texts(key)?.count == file.count(key) },
                { try file.integer(key) != nil }, { try file.integers(key)?.count == file.count(key) },
                { try file.number(key) != nil }, { try file.numbers(key)?.count == file.count(key) },
                { try file.flag(key) != nil }, { try file.flags(key)?.count == file.count(key) },
            ]
            for one in read {
                do { Invariants.require(try one(), "a list of another length: \(key)") } catch { check(error) }
            }
        }
        for (name, tensor) in file.tensors {
            Invariants.require(name == tensor.name && tensor.shape.reduce(1, *) == tensor.count, "another shape")
            do {
                let whole = try tensor.floats()
                Invariants.require(whole.count == tensor.count && whole.allSatisfy(\.isFinite), "values of \(name)")
                let block = tensor.type.block?.elements ?? 1
                let middle = tensor.count / block / 2 * block
                let parts = try tensor.floats(0..<middle) + tensor.floats(middle..<tensor.count)
                Invariants.require(
                    parts.map(\.bitPattern) == whole.map(\.bitPattern), "other values in parts of \(name)")
            } catch { check(error) }
        }
    }

    private static func check(_ error: any Error) {
        let text = "\(error)"
        Invariants.require(!text.isEmpty && !text.contains(where: \.isNewline), "a message of several lines")
        Invariants.require(text.contains("FILE"), "a message without the file: \(text)")
    }
}
