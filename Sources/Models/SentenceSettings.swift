import Files
import Foundation
import Numerics

/// What sentence-transformers keeps in a model's folder about how texts are read; a folder without it says nothing.
enum SentenceSettings {
    /// From 1_Pooling/config.json; the first token where it is not there.
    /// - Returns: a failure for a pooling that we do not have: only who asks for it need mind
    static func pooling(_ folder: URL) throws(ModelError) -> Result<Pool.Kind, ModelError> {
        let file = folder.appendingPathComponent("1_Pooling/config.json")
        guard let data = FileManager.default.contents(atPath: file.path) else { return .success(.first) }
        return try pooling([UInt8](data), file: file.path)
    }

    static func pooling(_ bytes: [UInt8], file: String) throws(ModelError) -> Result<Pool.Kind, ModelError> {
        let json = try ModelJSON(bytes, file: file)
        var modes: [String] = []
        for (key, value) in json.members where key.hasPrefix("pooling_mode_") {
            switch value {
            case .bool(true): modes.append(key)
            case .bool(false), .null: break
            default: throw json.wrong(key, value.summary, "true or false")
            }
        }
        switch modes.sorted() {
        case ["pooling_mode_mean_tokens"]: return .success(.mean)
        case ["pooling_mode_cls_token"], []: return .success(.first)
        default: return .failure(.pooling(file: file, found: modes.sorted().joined(separator: " and ")))
        }
    }

    /// The default prompt, from config_sentence_transformers.json; empty where there is none.
    static func textPrefix(_ folder: URL) throws(ModelError) -> String {
        let file = folder.appendingPathComponent("config_sentence_transformers.json")
        guard let data = FileManager.default.contents(atPath: file.path) else { return "" }
        return try textPrefix([UInt8](data), file: file.path)
    }

    static func textPrefix(_ bytes: [UInt8], file: String) throws(ModelError) -> String {
        let json = try ModelJSON(bytes, file: file)
        guard let chosen = json.value("default_prompt_name") else { return "" }
        guard case .string(let name) = chosen else {
            throw json.wrong("default_prompt_name", chosen.summary, "a prompt's name, or null")
        }
        let prompts = json.value("prompts") ?? .object([])
        guard case .object(let members) = prompts else {
            throw json.wrong("prompts", prompts.summary, "an object of texts")
        }
        let found = members.filter { $0.key.utf8.elementsEqual(name.utf8) }
        guard found.count == 1, case .string(let prefix) = found[0].value else {
            throw json.wrong("prompts", "no one text named \(chosen.summary)", "it, as default_prompt_name asks")
        }
        return prefix
    }
}
