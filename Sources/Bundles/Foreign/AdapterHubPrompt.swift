import Adapters
import Files

/// AdapterHub's PromptTuningConfig (adapters 1.3.0) to ours and back. Its one tensor is
/// `bert.prompt_tuning.prompt_tunings.NAME.prompt_embedding.weight`.
enum AdapterHubPrompt {
    /// Every field that the library writes, with its value where a file says nothing.
    private static let defaults: [String: ConfigurationValue] = [
        "architecture": .string(PromptTuning.name), "combine": .string("prefix"), "init_weights_seed": .null,
        "prompt_init": .string("random_uniform"), "prompt_init_text": .null, "prompt_length": .number(10),
    ]
    /// What precedes the adapter's name in its tensor's.
    static let module = "prompt_tuning.prompt_tunings."

    static func stands(_ value: ConfigurationValue?) -> Bool {
        switch value {
        case .string(let name)?: name == PromptTuning.name
        case .map(let fields)?: fields["architecture"] == .string(PromptTuning.name)
        default: false
        }
    }

    /// How the prompt started does not matter to what was trained, so a start that we do not know is dropped.
    /// - Throws: `BundleError`, `AdapterError` naming the field
    static func adapter(_ value: ConfigurationValue?, file: String) throws -> AdapterConfiguration {
        let known = defaults.merging(["random_uniform_scale": .null]) { $1 }
        let fields = try AdapterHubConfiguration.fields(value, over: known, of: "PromptTuningConfig", file: file)
        var ours = fields.filter { ["prompt_length", "combine"].contains($0.key) }
        if fields["prompt_init"] == .string("from_string"), case .string? = fields["prompt_init_text"] {
            ours["prompt_init"] = fields["prompt_init"]
            ours["prompt_init_text"] = fields["prompt_init_text"]
        }
        return try AdapterConfiguration(method: PromptTuning.name, fields: ours, source: "\(file): config")
    }

    /// All fields, as the library writes them.
    /// - Throws: `BundleError` for a prompt among the word embeddings
    static func fields(_ member: Member, bundle: AdapterBundle) throws(BundleError) -> ConfigurationValue {
        let level = PromptTuning.Level.word_embeddings.rawValue
        guard member.configuration.fields["insert_into"] != .string(level) else {
            throw .content(
                file: bundle.name, field: "members/\(member.name): insert_into", found: level,
                expected:
                    "\(PromptTuning.Level.hidden_states): in the library, a prompt has no positions and passes no norm",
                fix: "use --format peft")
        }
        return .map(defaults.merging(member.configuration.fields.filter { defaults[$0.key] != nil }) { $1 })
    }
}
