import Foundation
import Models
import Numerics
@testable import Tasks
import Testing

@testable import Training

/// Tasks that read the same file are trained on one pass over each text.
@Suite struct SharedTextsTests {
    private static let folder = URL(fileURLWithPath: "/data")

    private func task(_ name: String, kind: String, train: String = "t.jsonl", _ examples: [Example]) -> TaskData {
        var data = TaskData(
            definition: TaskDefinition(
                name: name, kind: kind, data: [.train: train], folder: Self.folder, source: name),
            labels: ["a", "b"])
        data.train = examples
        return data
    }

    private var tasks: [TaskData] {
        [
            task(
                "one", kind: "text-classification",
                (1...4).map { Example(id: $0 - 1, text: "text \($0)", label: $0 % 2, line: $0) }),
            task("two", kind: "regression", train: "other.jsonl", [Example(id: 0, text: "x", line: 1)]),
            // Lines 1 and 3 were skipped; line 9 is not in the first task
            task(
                "three", kind: "regression",
                [2, 4, 9].enumerated().map {
                    Example(id: $0, text: "text \($1)", line: $1, payload: Numbers(values: [Double($1)]))
                }),
        ]
    }

    @Test func tasksOfOneFileBelongTogether() {
        #expect(SharedTexts.groups(tasks, shares: true) == [[0, 2], [1]])
        #expect(SharedTexts.groups(tasks, shares: false) == [[0], [1], [2]])
    }

    @Test func rowsAreMatchedByLine() throws {
        let rows = try SharedTexts.rows(.train, of: [tasks[0], tasks[2]])
        #expect(rows.map { $0.map(\.text) } == [[String]](repeating: [1, 2, 3, 4, 9].map { "text \($0)" }, count: 2))
        #expect(rows[0].map(\.label) == [1, 0, 1, 0, nil])
        #expect(rows[1].map { $0.numbers?.values } == [nil, [2], nil, [4], [9]])
        #expect(rows[1].map(\.id) == Array(0..<5))
    }

    @Test func differentTextsAreRefused() {
        var other = tasks[2]
        other.train[0].text = "another"
        #expect(throws: TrainingError.self) { try SharedTexts.rows(.train, of: [tasks[0], other]) }
    }

    /// A batch of both heads: each has the targets that its rows have.
    @Test func targetsOfBothHeads() throws {
        let rows = try SharedTexts.rows(.train, of: [tasks[0], tasks[2]])
        let heads: [any Head] = [
            ClassificationHead(labels: ["a", "b"], pooling: .first),
            RegressionHead(numbers: [.identity], pooling: .mean),
        ]
        let encoded = EncodedExamples(
            zip(heads, rows).map { ($0, $1) }, tokenizer: WordTokenizer(), maxLength: 20, prefix: "",
            pool: ThreadPool(threads: 1))
        let batch = encoded.batch(
            [4, 1, 0], task: 0,
            heads: heads.enumerated().map { BatchHead(index: 3 + $0, column: $0, input: $1.input) })
        #expect(batch.targets[3]?.values == .classes([-1, 0, 1]) && batch.targets[3]?.normalizer == 2)
        guard case .numbers(let numbers, 1)? = batch.targets[4]?.values else {
            Issue.record("no numbers")
            return
        }
        #expect(numbers[0] == 9 && numbers[1] == 2 && numbers[2].isNaN && batch.targets[4]?.normalizer == 2)
    }
}
