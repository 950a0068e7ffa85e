import Foundation
import Testing

@testable import Tasks

/// A folder that goes away with the test.
final class ScratchFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("tasks-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    @discardableResult
    func write(_ name: String, _ text: String) throws -> URL { try write(name, bytes: Array(text.utf8)) }

    @discardableResult
    func write(_ name: String, bytes: [UInt8]) throws -> URL {
        let file = url.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
        return file
    }

    /// The task of a folder with these splits.
    func load(_ train: String, dev: String? = nil, file: String = "jsonl") throws -> TaskData {
        try write("d/train.\(file)", train)
        if let dev { try write("d/dev.\(file)", dev) }
        return try TaskData.load(try TaskDefinition.load(url.appendingPathComponent("d")))
    }

    /// The message of the error that `body` throws, without this folder's path.
    func message(_ body: () throws -> Void) -> String {
        do { try body() } catch {
            return "\(error)".replacingOccurrences(of: url.standardizedFileURL.path + "/", with: "")
                .replacingOccurrences(of: url.standardizedFileURL.path, with: "FOLDER")
        }
        return "no error"
    }
}

/// Seeded numbers for property and fuzz loops.
struct Dice: RandomNumberGenerator {
    var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Bootstrap.mixed(state)
    }
}

func golden<Content: Decodable>(_ name: String, as type: Content.Type, file: String = #filePath) throws -> Content {
    let url = URL(fileURLWithPath: file).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Golden/tasks/\(name).json")
    return try JSONDecoder().decode(type, from: Data(contentsOf: url))
}
