import Files
import Foundation

/// Prompts with the answers that a decoder is to learn: to train on, and held out to score with.
package struct AnsweredPrompts: Equatable, Sendable {
    package struct Row: Equatable, Sendable {
        package var prompt: String
        package var answer: String

        package init(prompt: String, answer: String) {
            self.prompt = prompt
            self.answer = answer
        }
    }

    /// As messages show it.
    package var source: String
    package var train: [Row]
    package var heldOut: [Row]

    package init(source: String, train: [Row], heldOut: [Row]) {
        self.source = source
        self.train = train
        self.heldOut = heldOut
    }

    /// Rows on whose number all are in order, one is held out where no file says which.
    private static let share = 20

    /// Reads records with the fields `prompt` and `answer`: JSON Lines, a JSON array, CSV or TSV, by the file's extension.
    /// - Parameter heldOut: a file to score with; nil: every twentieth row
    /// - Throws: `TaskError`, `FileError`
    package init(file: URL, heldOut: URL? = nil) throws {
        source = shownPath(file)
        let rows = try Self.rows(file)
        if let heldOut {
            train = rows
            self.heldOut = try Self.rows(heldOut)
        } else {
            train = rows.enumerated().filter { $0.offset % Self.share != Self.share - 1 }.map(\.element)
            self.heldOut = rows.enumerated().filter { $0.offset % Self.share == Self.share - 1 }.map(\.element)
        }
        guard !train.isEmpty, !self.heldOut.isEmpty else {
            throw TaskError.unreadable(
                file: source,
                reason:
                    "\(counted(rows.count, "row")), too few to train on and to hold some out; add more, or a file to score with"
            )
        }
    }

    private static func rows(_ file: URL) throws -> [Row] {
        let name = shownPath(file)
        let format = try RecordFormat.of(file: file.relativePath)
        guard format != .text else {
            throw TaskError.unknownFormat(file: name, known: ["jsonl", "json", "csv", "tsv"])
        }
        var reader = RecordReader(name: name, format: format)
        let content = try DataBytes(contentsOf: file).text
        return try (reader.read(Array(content)) + reader.finish()).map { result in
            switch result {
            case .record(let record):
                return Row(prompt: try text("prompt", record, name), answer: try text("answer", record, name))
            case .bad(_, let error), .fatal(let error): throw error
            }
        }
    }

    private static func text(_ field: String, _ record: Record, _ file: String) throws(TaskError) -> String {
        guard let value = record[field] else {
            throw .malformed(
                file: file, line: record.line,
                problem: "no '\(field)' (found \(record.fields.map { "'\($0.name)'" }.joined(separator: ", ")))",
                fix: "give each row a prompt and an answer")
        }
        guard case .string(let text) = value.value else {
            throw .wrongType(file: file, line: record.line, column: field, found: value.json, expected: "a text")
        }
        return text
    }
}
