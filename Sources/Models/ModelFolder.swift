import Files
import Foundation

/// Where the parts of a model lie: a plain Hugging Face folder, one of sentence-transformers with its encoder in a folder
/// within it, or the Hub's cache (`models--ORG--NAME/snapshots/HASH`).
struct ModelFolder {
    /// The path as given, or the snapshot in it: where sentence-transformers' settings lie.
    let root: URL
    /// config.json, the weights and the tokenizer.
    let encoder: URL
    /// What holds all three in their place; nil: there is a config.json.
    let gguf: URL?
    /// What the model is called in bundles and reports.
    let name: String
    /// nil: there is no modules.json.
    let modules: [SentenceModule]?

    /// - Throws: `ModelError` that says what the path holds if it is no model; `FileError` for several GGUF files
    init(_ given: URL) throws {
        let (root, name) = try Self.snapshot(given)
        self.root = root
        self.name = name
        let modules = try SentenceModule.list(root)
        self.modules = modules
        if let modules {
            encoder = try SentenceModule.encoder(modules, root)
        } else {
            encoder = root
        }
        guard !Self.isFile(encoder.appendingPathComponent("config.json")) else {
            gguf = nil
            return
        }
        gguf = try GGUFFile.only(in: encoder)
        if gguf == nil { throw NotAModel.problem(encoder, given: given) }
    }

    /// The weights' file or files.
    func weights() throws -> ShardedSafetensors {
        let single = encoder.appendingPathComponent("model.safetensors")
        if FileManager.default.fileExists(atPath: single.path) {
            return ShardedSafetensors(file: try SafetensorsFile(single))
        }
        let index = encoder.appendingPathComponent("model.safetensors.index.json")
        guard Self.isFile(index) else { throw NotAModel.problem(encoder, given: encoder) }
        return try ShardedSafetensors(index: index)
    }

    static func isFile(_ url: URL) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && !isFolder.boolValue
    }

    static func isFolder(_ url: URL) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && isFolder.boolValue
    }

    // MARK: The Hub's cache

    /// The folder to read, with the model's name: of a cache's folder the snapshot that refs/main names.
    private static func snapshot(_ given: URL) throws(ModelError) -> (root: URL, name: String) {
        let url = given.standardizedFileURL
        if isFile(url.appendingPathComponent("config.json")) || isFile(url.appendingPathComponent("modules.json")) {
            return (given, name(of: url))
        }
        let snapshots = url.appendingPathComponent("snapshots")
        guard isFolder(snapshots) else { return (given, name(of: url)) }
        let all = ((try? FileManager.default.contentsOfDirectory(atPath: snapshots.path)) ?? []).sorted()
            .filter { isFolder(snapshots.appendingPathComponent($0)) }
        let reference = url.appendingPathComponent("refs/main")
        var chosen: String?
        if let bytes = FileManager.default.contents(atPath: reference.path) {
            let text = String(decoding: bytes.prefix(256), as: UTF8.self)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            guard all.contains(text) else {
                throw .field(
                    file: reference.path, field: "content", found: "\"\(text.prefix(64))\"",
                    expected: all.isEmpty ? "a folder in \(snapshots.path)" : "one of \(all.joined(separator: ", "))")
            }
            chosen = text
        } else if all.count == 1 {
            chosen = all[0]
        }
        guard let chosen else {
            throw .notAModel(
                path: given.path, found: "a folder of the Hub's cache with \(all.count) snapshots and no refs/main",
                fix: all.isEmpty ? "download the model again" : "give one of the folders in \(snapshots.path)")
        }
        return (snapshots.appendingPathComponent(chosen), name(of: url))
    }

    /// NAME of `models--ORG--NAME` and of its snapshots, else the folder's own.
    private static func name(of url: URL) -> String {
        let parts = url.pathComponents
        var folder = parts.last ?? ""
        if parts.count >= 3, parts[parts.count - 2] == "snapshots" { folder = parts[parts.count - 3] }
        guard folder.hasPrefix("models--"), let name = folder.components(separatedBy: "--").last, !name.isEmpty else {
            return url.lastPathComponent
        }
        return name
    }
}
