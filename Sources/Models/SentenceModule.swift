import Files
import Foundation

/// One entry of sentence-transformers' modules.json: which parts a model has, and in which folders.
struct SentenceModule: Equatable {
    /// Without its package: "Pooling".
    var kind: String
    /// Within the model's folder; empty for the folder itself.
    var path: String

    /// "the module Dense (2_Dense)"
    var shown: String { path.isEmpty ? "the module \(kind)" : "the module \(kind) (\(path))" }

    static func file(_ root: URL) -> URL { root.appendingPathComponent("modules.json") }

    /// - Returns: nil where there is no modules.json
    static func list(_ root: URL) throws(ModelError) -> [SentenceModule]? {
        let file = file(root)
        guard let data = FileManager.default.contents(atPath: file.path) else { return nil }
        return try list([UInt8](data), file: file.path)
    }

    static func list(_ bytes: [UInt8], file: String) throws(ModelError) -> [SentenceModule] {
        let entries = try ModelJSON.list(bytes, file: file)
        guard !entries.isEmpty else {
            throw .field(file: file, field: "the whole file", found: "an empty list", expected: "modules")
        }
        var modules: [SentenceModule] = []
        for (i, entry) in entries.enumerated() {
            func text(_ field: String) throws(ModelError) -> String? {
                guard let value = entry.value(field) else { return nil }
                guard case .string(let text) = value else {
                    throw .field(file: file, field: "[\(i)].\(field)", found: value.summary, expected: "a string")
                }
                return text
            }
            guard let type = try text("type"), let kind = type.split(separator: ".").last else {
                throw .field(file: file, field: "[\(i)].type", found: "nothing", expected: "a module's class")
            }
            let path = try text("path") ?? ""
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
            guard !path.hasPrefix("/"), !parts.contains(".."), !path.contains("\0") else {
                throw .field(
                    file: file, field: "[\(i)].path", found: "\"\(path.prefix(80))\"",
                    expected: "a folder within the model's folder")
            }
            modules.append(SentenceModule(kind: String(kind), path: path))
        }
        return modules
    }

    /// The folder of the encoder, which is the first module.
    static func encoder(_ modules: [SentenceModule], _ root: URL) throws(ModelError) -> URL {
        guard let first = modules.first, first.kind == "Transformer" else {
            throw .unsupported(
                file: file(root).path, field: "[0].type", found: modules.first?.kind ?? "nothing",
                supported: "Transformer: an encoder")
        }
        return first.path.isEmpty ? root : root.appendingPathComponent(first.path)
    }
}
