import Foundation

/// How a student learns from a teacher (``Model/distill(_:into:on:language:distillation:options:)``).
public struct DistillationOptions: Sendable {
    /// T: teacher and student are compared at softmax(logits / T); 0.1 to 100, default 2. Numbers have none.
    public var temperature = 2.0
    /// The teacher's share in the loss, 0 to 1, default 0.9. The rest is the loss of the task's own labels.
    public var alpha = 0.9
    /// Texts that only the teacher labels: plain text with one text in each line (.txt), or rows with the task's columns
    /// (.jsonl, .json, .csv, .tsv, .conll, .conllu, .deb822), each also with .gz; nil (default) for none.
    public var texts: URL?
    /// The teacher's head; nil (default) for that of the task, or the only one.
    public var head: String?
    /// Whether the student's head starts with the teacher's values where the shapes agree; default true.
    public var startsFromHead = true

    /// Creates the defaults.
    public init() {}
}
