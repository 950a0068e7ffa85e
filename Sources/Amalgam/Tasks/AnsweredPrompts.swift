import Foundation
import Tasks

/// Prompts with the answers that a decoder is to learn.
public struct AnsweredPrompts: Sendable, Equatable {
    let stored: Tasks.AnsweredPrompts

    /// The name: of its file without the extension, or as it was given.
    public let name: String

    /// Reads a file of rows with the fields `prompt` and `answer`: .jsonl, .json, .csv or .tsv, each also with .gz.
    /// - Parameters:
    ///   - file: The rows to train on.
    ///   - heldOut: Rows to score with, which are not trained on; nil for every twentieth row.
    /// - Throws: ``AmalgamError``, naming the file and the line.
    public init(contentsOf file: URL, heldOut: URL? = nil) throws(AmalgamError) {
        stored = try translated { try Tasks.AnsweredPrompts(file: file, heldOut: heldOut) }
        name = file.deletingPathExtension().lastPathComponent
    }

    /// Rows in memory.
    /// - Parameters:
    ///   - name: The bundle carries it.
    ///   - train: What to train on.
    ///   - heldOut: What to score with.
    public init(
        name: String, train: [(prompt: String, answer: String)], heldOut: [(prompt: String, answer: String)]
    ) {
        func rows(_ rows: [(prompt: String, answer: String)]) -> [Tasks.AnsweredPrompts.Row] {
            rows.map { .init(prompt: $0.prompt, answer: $0.answer) }
        }
        stored = Tasks.AnsweredPrompts(source: name, train: rows(train), heldOut: rows(heldOut))
        self.name = name
    }
}
