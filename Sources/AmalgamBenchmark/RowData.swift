import Bundles
import Foundation
import Models
import Numerics
import Tasks
import Training

/// A batch by its task and the rows of the task's texts.
struct RowBatch: Codable {
    let task: Int
    let rows: [Int]
}

/// The heads of the rows: task t's is called "task⟨t⟩", its labels are numbers from 0.
enum RowHeads {
    static func named(_ labels: [Int], pooling: Pool.Kind) -> [NamedHead] {
        labels.enumerated().map { t, count in
            NamedHead("task\(t)", ClassificationHead(labels: (0..<count).map { "\($0)" }, pooling: pooling))
        }
    }
}

/// The texts and batches that a row runs on: the same for us and for whom we compare with.
struct RowData {
    private(set) var tasks: [EncodedExamples] = []
    private(set) var labels: [Int] = []
    let batches: [RowBatch]

    private struct Line: Codable {
        let text: String
        let label: Int
    }

    /// - Parameters:
    ///   - texts: JSONL of {"text", "label"}, the label a number from 0; one file a task.
    ///   - batches: JSON, a list of {"task", "rows"}.
    /// - Throws: `BenchmarkError.input`
    init(texts: [String], batches file: String, maxLength: Int, session: Session) throws {
        do {
            batches = try JSONDecoder().decode([RowBatch].self, from: Self.contents(file))
        } catch let error as DecodingError {
            throw BenchmarkError.input(file: file, found: "\(error)", expected: #"a list of {"task": 0, "rows": [0]}"#)
        }
        for path in texts {
            let examples = try Self.examples(path)
            labels.append((examples.compactMap(\.label).max() ?? 0) + 1)
            tasks.append(
                session.encode(
                    [(RowHeads.named([labels[labels.count - 1]], pooling: .first)[0].head, examples)],
                    maxLength: maxLength, prefix: ""))
        }
        for batch in batches {
            guard tasks.indices.contains(batch.task), !batch.rows.isEmpty,
                batch.rows.allSatisfy({ (0..<tasks[batch.task].count).contains($0) })
            else {
                throw BenchmarkError.input(
                    file: file, found: "a batch of task \(batch.task) with rows \(batch.rows)",
                    expected: "tasks below \(tasks.count), and rows that their texts have")
            }
        }
    }

    private static func contents(_ path: String) throws -> Data {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw BenchmarkError.input(file: path, found: "not readable", expected: "a file")
        }
        return data
    }

    private static func examples(_ path: String) throws -> [Example] {
        let decoder = JSONDecoder()
        return try contents(path).split(separator: UInt8(ascii: "\n")).enumerated().map { i, line in
            guard let row = try? decoder.decode(Line.self, from: line), row.label >= 0 else {
                throw BenchmarkError.input(
                    file: path, found: "line \(i + 1) is something else", expected: #"{"text": "…", "label": 0}"#)
            }
            return Example(id: i, text: row.text, label: row.label, line: i + 1)
        }
    }
}
