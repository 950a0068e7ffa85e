import Files
import Foundation

/// Says what a path holds that was given as a model and is none.
enum NotAModel {
    /// - Parameters:
    ///   - folder: where config.json or the weights were looked for
    ///   - given: the path as the user wrote it, if it is another
    static func problem(_ folder: URL, given: URL) -> ModelError {
        func has(_ name: String) -> Bool { ModelFolder.isFile(folder.appendingPathComponent(name)) }
        func problem(_ found: String, _ fix: String) -> ModelError {
            .notAModel(path: folder.path, found: found, fix: fix)
        }
        if ModelFolder.isFile(folder) { return file(folder) }
        guard ModelFolder.isFolder(folder) else { return .noFolder(path: folder.path) }
        if let found = adapter(folder) { return found }
        let hasConfiguration = has("config.json")
        if let weights = [
            "pytorch_model.bin", "pytorch_model.bin.index.json", "tf_model.h5", "flax_model.msgpack",
        ].first(where: has) {
            guard hasConfiguration else { return problem("\(weights) without config.json", "add config.json") }
            let flag = weights.hasPrefix("tf") ? ", from_tf=True" : weights.hasPrefix("flax") ? ", from_flax=True" : ""
            return problem(
                "\(weights) but no model.safetensors",
                "convert it: python -c \"from transformers import AutoModel; m = '\(folder.path)'; "
                    + "AutoModel.from_pretrained(m\(flag)).save_pretrained(m)\"")
        }
        if hasConfiguration {
            return problem("config.json but no model.safetensors", "download model.safetensors into the same folder")
        }
        if has("model.safetensors") || has("model.safetensors.index.json") {
            return problem("weights but no config.json", "download config.json into the same folder")
        }
        for inner in ["0_Transformer", "0_BERT"]
        where ModelFolder.isFile(folder.appendingPathComponent("\(inner)/config.json")) {
            return problem(
                "the folder \(inner) but no modules.json", "download modules.json, or give \(folder.path)/\(inner)")
        }
        return problem("no config.json", "or give the name of a fetched model (amalgam model fetch minilm)")
    }

    /// Folders of adapters are small and look like models.
    private static func adapter(_ folder: URL) -> ModelError? {
        let file = folder.appendingPathComponent("adapter_config.json")
        if ModelFolder.isFile(folder.appendingPathComponent("adapter_fusion_config.json")) {
            return .notAModel(
                path: folder.path, found: "an AdapterFusion of the adapters library",
                fix: "give its base model's folder, and make a bundle of this one with amalgam import")
        }
        guard !ModelFolder.isFile(folder.appendingPathComponent("config.json")), ModelFolder.isFile(file) else {
            return nil
        }
        guard let bytes = FileManager.default.contents(atPath: file.path),
            let json = try? ModelJSON([UInt8](bytes), file: file.path)
        else { return nil }
        guard let kind = json.value("peft_type") else {
            return .notAModel(
                path: folder.path, found: "an adapter of the adapters library",
                fix: "give its base model's folder, and make a bundle of this one with amalgam import")
        }
        func text(_ field: String) -> String? { if case .string(let text)? = json.value(field) { text } else { nil } }
        if text("peft_type") == "LORA" {
            return .notAModel(
                path: folder.path, found: "a PEFT adapter (LoRA)",
                fix: "give its base model's folder, and make a bundle of this one with amalgam import")
        }
        return .notAModel(
            path: folder.path, found: "a PEFT adapter (\(kind.summary))",
            fix: PEFTFolder.fix(
                kind: text("peft_type"), task: text("task_type"), base: text("base_model_name_or_path"),
                path: folder.path))
    }

    private static func file(_ file: URL) -> ModelError {
        let name = file.lastPathComponent
        let start = (try? FileHandle(forReadingFrom: file).read(upToCount: 64)) ?? Data()
        if name.hasSuffix(".safetensors") || name == "config.json" || name == "tokenizer.json" {
            return .notAModel(
                path: file.path, found: "a file", fix: "give its folder: \(file.deletingLastPathComponent().path)")
        }
        if let other = ForeignContent([UInt8](start)) {
            return .notAModel(
                path: file.path, found: other.found, fix: "give the folder of the base model that it was made for")
        }
        return .notAModel(path: file.path, found: "a file", fix: "give a model's folder")
    }
}
