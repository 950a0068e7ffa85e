import Adapters
import Files
import Foundation
import Models

/// Says what a path holds that was given as an AdapterHub folder and is none.
enum NotAnAdapter {
    private static let most = 1 << 24

    /// - Throws: `BundleError`, `FileError` for a path that does not exist, a file, a PEFT adapter or a whole model
    static func check(_ folder: URL) throws {
        func problem(_ field: String, _ found: String, _ fix: String) -> BundleError {
            .content(
                file: folder.path, field: field, found: found,
                expected: "a folder that the adapters library saved", fix: fix)
        }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder) else {
            throw FileError.system(file: folder.path, action: "open", code: ENOENT)
        }
        guard isFolder.boolValue else {
            let start = (try? FileHandle(forReadingFrom: folder).read(upToCount: 64)) ?? Data()
            if let other = ForeignContent([UInt8](start)) { throw problem("the path", other.found, other.fix) }
            throw problem("the path", "a file", "give its folder: \(folder.deletingLastPathComponent().path)")
        }
        func has(_ name: String) -> Bool {
            FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path)
        }
        let file = folder.appendingPathComponent("adapter_config.json")
        if has("adapter_config.json"), let map = try? MappedFile(file), map.bytes.count <= most,
            case .map(let fields)? = ConfigurationValue(json: map.withBytes { [UInt8]($0) }),
            let kind = fields["peft_type"]
        {
            func text(_ field: String) -> String? { if case .string(let text)? = fields[field] { text } else { nil } }
            throw problem(
                "adapter_config.json", "a PEFT adapter (\(kind.json)), which cannot be imported",
                PEFTFolder.fix(
                    kind: text("peft_type"), task: text("task_type"), base: text("base_model_name_or_path"),
                    path: folder.path))
        }
        let isModule = AdapterHubModule.Part.allCases.contains { AdapterHubModule.stands($0, in: folder) }
        if !isModule, has("config.json") {
            throw problem("config.json", "a model", "give it with --model")
        }
    }
}
