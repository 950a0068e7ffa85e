/// A text whose hidden tokens are predicted (Devlin et al. 2019, section 3.1). The texts are all that a row has: which tokens are
/// hidden is drawn anew in each epoch of a training, and follows from the text alone where it is scored.
package enum MaskedLanguageModeling: TaskKind {
    package static let name = "masked-language-modeling"
    package static let head = "masked_language"
    package static let inputs = ["text"]
    package static let targets: [String] = []
    package static let metrics = [MaskedPerplexity.name, MaskedAccuracy.name]
    /// What is hidden is the tokenizer's to say, so that no method without one has answers.
    package static let baselines = Baselines(constant: nil, classic: nil)
    package static let minimumLabels = 0
    /// A file of texts may as well be one that lacks its labels.
    package static let isInferred = false

    package static func labels(in row: FieldRow) throws(TaskError) -> [String] { [] }

    package static func example(
        from row: FieldRow, id: Int, labels: LabelIndex, needsTarget: Bool
    ) throws(TaskError) -> Example {
        Example(
            id: id, text: try row.text("text"), line: row.line, payload: needsTarget ? HiddenTokens() : nil)
    }
}

/// That the answer to a text is in the text itself: tokens of it are hidden. A text to predict has masks of its own.
package struct HiddenTokens: ExamplePayload {
    package init() {}

    package var canonicalBytes: [UInt8] { [] }
    package func mapTexts(_ change: (String) -> String) -> (any ExamplePayload)? { self }
}
