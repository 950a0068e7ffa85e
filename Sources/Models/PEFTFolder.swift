/// What works with a folder that PEFT saved, which we cannot read: what to do is part of each message that names one.
package enum PEFTFolder {
    /// Methods whose weights can be merged into the base model.
    private static let merging: Set<String> = [
        "ADALORA", "BOFT", "HRA", "IA3", "LN_TUNING", "LOHA", "LOKR", "LORA", "OFT", "VERA",
    ]
    /// Ours of those that put something before a text.
    private static let prompts = [
        "PREFIX_TUNING": "prefix_tuning --set takes_positions=true",
        "PROMPT_TUNING": "prompt_tuning --set insert_into=word_embeddings",
    ]
    /// The class that the adapter's names follow from; with another one PEFT would skip its tensors.
    private static let classes = [
        "SEQ_CLS": "AutoModelForSequenceClassification", "TOKEN_CLS": "AutoModelForTokenClassification",
        "QUESTION_ANS": "AutoModelForQuestionAnswering",
    ]

    /// - Parameters:
    ///   - kind: `peft_type`
    ///   - task: `task_type`
    ///   - base: `base_model_name_or_path`
    ///   - path: of the folder
    package static func fix(kind: String?, task: String?, base: String?, path: String) -> String {
        guard let kind, merging.contains(kind) else {
            return "PEFT adapters of this kind cannot be merged into a model; train it again here with train-adapter"
                + (kind.flatMap { prompts[$0] }.map { " --config \($0)" } ?? "")
        }
        let model = "transformers.\(task.flatMap { classes[$0] } ?? "AutoModel").from_pretrained('\(base ?? "BASE")')"
        return
            "merge it into its base model, copy the tokenizer's files beside it, and give the new folder with --model: "
            + "python -c \"import peft, transformers; peft.PeftModel.from_pretrained(\(model), "
            + "'\(path)').merge_and_unload().save_pretrained('merged')\""
    }
}
