import Foundation
import Tasks
import Training

/// A batch by its task and the rows of the task's texts.
struct RowBatch: Codable {
    let task: Int
    let rows: [Int]
}

/// The texts and batches that a row runs on: the same for us and for whom we compare with.
struct RowData {
    private(set) var tasks: [EncodedExamples] = []
    /// Width of each task's head.
    private(set) var outputs: [Int] = []
    let batches: [RowBatch]

    /// - Parameters:
    ///   - texts: JSONL of the target's lines; one file a task.
    ///   - batches: JSON, a list of {"task", "rows"}.
    /// - Throws: `BenchmarkError.input`
    init(texts: [String], as target: RowTarget, batches file: String, maxLength: Int, session: Session) throws {
        do {
            batches = try JSONDecoder().decode([RowBatch].self, from: Self.contents(file))
        } catch let error as DecodingError {
            throw BenchmarkError.input(file: file, found: "\(error)", expected: #"a list of {"task": 0, "rows": [0]}"#)
        }
        for path in texts {
            let examples = try Self.examples(path, target)
            let width = target.outputs(of: examples)
            let encoded = session.encode(
                [(target.heads([width])[0].head, examples)], maxLength: maxLength, prefix: "")
            if let i = examples.indices.first(where: { encoded.sequences(of: $0).count > 1 }) {
                throw BenchmarkError.input(
                    file: path, found: "line \(i + 1) has more than \(maxLength) tokens",
                    expected: "a context that fits into one window")
            }
            outputs.append(width)
            tasks.append(encoded)
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

    private static func examples(_ path: String, _ target: RowTarget) throws -> [Example] {
        try contents(path).split(separator: UInt8(ascii: "\n")).enumerated().map { i, line in
            guard let example = target.example(line, id: i) else {
                throw BenchmarkError.input(
                    file: path, found: "line \(i + 1) is something else", expected: target.line)
            }
            return example
        }
    }
}
