import Models

/// How questions about contexts are read and answered, under the names of transformers' script for question answering (`run_qa`).
///
/// In a training, nil stands for the script's default, and the bundle keeps what is set; in a prediction, nil stands for what the
/// bundle has.
public struct AnswerOptions: Sendable, Equatable {
    /// Tokens of the context that neighboring windows share (`doc_stride`), 0 to 65,536; 128 if nothing is said. Half of a window
    /// at most counts.
    public var docStride: Int?
    /// Candidates that are kept, and start and end logits of a window that are paired (`n_best_size`), 1 to 1000; 20 if nothing is
    /// said.
    public var nBestSize: Int?
    /// Tokens of an answer at most (`max_answer_length`), 1 to 65,536; 30 if nothing is said.
    public var maxAnswerLength: Int?

    /// Creates the defaults.
    public init() {}

    var stored: AnswerSettings {
        AnswerSettings(docStride: docStride, nBestSize: nBestSize, maxAnswerLength: maxAnswerLength)
    }
}
