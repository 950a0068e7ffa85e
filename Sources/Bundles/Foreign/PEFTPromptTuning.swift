import Adapters
import Files
import Models

/// Prompt tuning in PEFT's folders: [virtual tokens, hidden]. The prompt stands among the word embeddings, so it has positions and
/// passes the norm; a classification head reads its first row (`PromptTuning`, insert_into: word_embeddings).
struct PEFTPromptTuning: PEFTTableMethod {
    static let kind = "PROMPT_TUNING"
    static let method = PromptTuning.name
    let title = "prompt tuning"
    let targets = "the embeddings"
    let table: PEFTTable?
    let configuration: [String: ConfigurationValue]

    /// How the prompt started does not matter to what was trained.
    init(_ module: PEFTModule) throws {
        let table = try PEFTTable(
            module,
            fields: [
                "prompt_tuning_init", "prompt_tuning_init_text", "tokenizer_name_or_path", "tokenizer_kwargs",
            ], class: "PromptTuningConfig")
        self.table = table
        configuration = [
            "prompt_length": .init(table.rows), "insert_into": .string(PromptTuning.Level.word_embeddings.rawValue),
        ]
    }

    static func content(_ member: Member, _ architecture: Architecture) throws -> PEFTContent? {
        guard let prompt = try member.configuration.makeMethod() as? PromptTuning else { return nil }
        var refused: (String, String, String, String)?
        if prompt.level != .word_embeddings {
            refused = (
                "insert_into", "\(prompt.level)",
                "\(PromptTuning.Level.word_embeddings): in peft, a prompt has positions and passes the embeddings' norm",
                "use --format adapterhub, or train with --set insert_into=\(PromptTuning.Level.word_embeddings)"
            )
        } else if prompt.virtualTokens?.place != .first {
            refused = (
                "combine", member.configuration.fields["combine"]?.json ?? "",
                "\"prefix\": in peft, a prompt comes before the first token",
                "train with --set combine=prefix"
            )
        }
        return PEFTContent(
            title: "prompt tuning", modules: [], table: prompt.specs(architecture).map(\.name), refused: refused,
            fields: PEFTTable.fields(
                kind, rows: prompt.virtualTokens?.count ?? 0, architecture.configuration,
                [
                    "prompt_tuning_init": .string("RANDOM"), "prompt_tuning_init_text": .null,
                    "tokenizer_name_or_path": .null, "tokenizer_kwargs": .null,
                ]))
    }
}
