import Files
import Foundation
import Numerics

/// What sentence-transformers keeps in a model's folder about how texts are read; a folder without it says nothing.
///
/// modules.json decides which of the files count. Settings that only matter to its own `encode` (max_seq_length, as
/// --max-length decides here) are skipped; those that change what is computed and that we do not have are refused by name.
struct SentenceSettings {
    /// A failure is a pooling that we do not have: it only matters to whoever does not choose one.
    private(set) var pooling: Result<Pool.Kind, ModelError> = .success(.first)
    /// The default prompt, which stands before each text.
    private(set) var textPrefix = ""
    /// Texts are lower-cased before the tokenizer's own normalizer.
    private(set) var lowersText = false
    /// What the folder computes after the pooling and we do not, though it may be left out.
    private(set) var notes: [String] = []

    init(_ folder: ModelFolder) throws(ModelError) {
        textPrefix = try Self.textPrefix(folder.root)
        lowersText = try Self.lowersText(folder.encoder)
        guard let modules = folder.modules else {
            let file = folder.root.appendingPathComponent("1_Pooling/config.json")
            if FileManager.default.fileExists(atPath: file.path) { pooling = try read(file) }
            return
        }
        let file = SentenceModule.file(folder.root).path
        guard let place = modules.firstIndex(where: { $0.kind == "Pooling" }) else {
            pooling = .failure(.pooling(file: file, found: "no Pooling module"))
            return
        }
        pooling = try read(folder.root.appendingPathComponent("\(modules[place].path)/config.json"))
        for (i, module) in modules.enumerated().dropFirst() where i != place {
            switch module.kind {
            case "Dropout": break
            case "Normalize" where i > place:
                // A head's first layer is trained on the pooled vector, whatever its length.
                notes.append(
                    "\(file): \(module.shown) is skipped: a head reads the pooled vector before it is normalized")
            default: pooling = .failure(.pooling(file: file, found: module.shown))
            }
        }
    }

    private func read(_ file: URL) throws(ModelError) -> Result<Pool.Kind, ModelError> {
        guard let data = FileManager.default.contents(atPath: file.path) else {
            throw .field(
                file: file.path, field: "the whole file", found: "nothing", expected: "the pooling's settings")
        }
        return try Self.pooling([UInt8](data), file: file.path, hasPrompt: !textPrefix.isEmpty)
    }

    /// The names of sentence-transformers before 5.4, in the order in which it joins several.
    private static let former = [
        ("pooling_mode_cls_token", "cls"), ("pooling_mode_max_tokens", "max"), ("pooling_mode_mean_tokens", "mean"),
        ("pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens"),
        ("pooling_mode_weightedmean_tokens", "weightedmean"), ("pooling_mode_lasttoken", "lasttoken"),
    ]

    /// The pooling module's config.json.
    static func pooling(
        _ bytes: [UInt8], file: String, hasPrompt: Bool = false
    ) throws(ModelError) -> Result<Pool.Kind, ModelError> {
        let json = try ModelJSON(bytes, file: file)
        var modes: [String] = []
        for (key, value) in json.members where key.hasPrefix("pooling_mode_") {
            switch value {
            case .bool(true): modes.append(former.first { $0.0 == key }?.1 ?? key)
            case .bool(false), .null: break
            default: throw json.wrong(key, value.summary, "true or false")
            }
        }
        switch json.value("pooling_mode") {
        case nil: break
        case .string(let mode)?: modes = [mode]
        case .array(let list)?:
            modes = []
            for value in list {
                guard case .string(let mode) = value else {
                    throw json.wrong("pooling_mode", value.summary, "names of modes")
                }
                modes.append(mode)
            }
        case let value?: throw json.wrong("pooling_mode", value.summary, "a mode's name, or a list of them")
        }
        let includesPrompt = try json.bool("include_prompt") ?? true
        if hasPrompt, !includesPrompt {
            return .failure(
                .pooling(file: file, found: "a pooling without the prompt's tokens (include_prompt: false)"))
        }
        switch modes {
        // The library's own default
        case [], ["mean"]: return .success(.mean)
        case ["cls"]: return .success(.first)
        default:
            return .failure(
                .pooling(
                    file: file, found: "the pooling " + modes.map { "\"\($0.prefix(40))\"" }.joined(separator: " and "))
            )
        }
    }

    // MARK: The encoder's own settings

    private static let encoderFiles = ["bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet"]
        .map { "sentence_\($0)_config.json" }
    /// Arguments that change neither ids nor numbers.
    private static let harmless: Set<String> = [
        "trust_remote_code", "model_max_length", "padding_side", "use_fast", "padding", "truncation", "max_length",
        "attn_implementation", "torch_dtype", "dtype",
    ]

    /// `do_lower_case` of the first of these files that is there.
    private static func lowersText(_ folder: URL) throws(ModelError) -> Bool {
        for name in encoderFiles {
            let file = folder.appendingPathComponent(name)
            guard let data = FileManager.default.contents(atPath: file.path) else { continue }
            return try lowersText([UInt8](data), file: file.path)
        }
        return false
    }

    static func lowersText(_ bytes: [UInt8], file: String) throws(ModelError) -> Bool {
        let json = try ModelJSON(bytes, file: file)
        for (field, only) in [("transformer_task", "feature-extraction"), ("module_output_name", "token_embeddings")] {
            guard let value = json.value(field) else { continue }
            guard case .string(only) = value else { throw json.unsupported(field, value.summary, "\"\(only)\"") }
        }
        for field in [
            "config_args", "config_kwargs", "tokenizer_args", "processor_kwargs", "model_args", "model_kwargs",
            "processing_kwargs",
        ] {
            guard let value = json.value(field) else { continue }
            guard let name = foreignArgument(value) else { continue }
            throw json.unsupported("\(field).\(name)", "a setting", "none")
        }
        return try json.bool("do_lower_case") ?? false
    }

    /// The first argument, at any depth, that may change what is computed.
    private static func foreignArgument(_ value: JSONValue) -> String? {
        guard case .object(let members) = value else { return nil }
        for (key, value) in members where !harmless.contains(key) {
            switch value {
            case .null: continue
            case .object: if let inner = foreignArgument(value) { return "\(key).\(inner)" }
            default: return key
            }
        }
        return nil
    }

    // MARK: Prompts

    /// The default prompt, from config_sentence_transformers.json; empty where there is none.
    private static func textPrefix(_ folder: URL) throws(ModelError) -> String {
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
            throw json.wrong("prompts", "no text named \(chosen.summary)", "the prompt that default_prompt_name names")
        }
        return prefix
    }
}
