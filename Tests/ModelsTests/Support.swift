import Foundation

enum Fixture {
    static let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Golden")
    /// A random BERT of three layers, hidden 48.
    static let tiny = golden.appendingPathComponent("seed1/tiny")

    /// A new folder, removed afterwards.
    static func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("models-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }

    static func configuration() throws -> [String: Any] {
        let data = try Data(contentsOf: tiny.appendingPathComponent("config.json"))
        return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    }

    /// The fixture in a folder that may be changed.
    static func copy(to folder: URL, without: String? = nil) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in ["config.json", "model.safetensors"] where name != without {
            try FileManager.default.copyItem(
                at: tiny.appendingPathComponent(name), to: folder.appendingPathComponent(name))
        }
    }
}
