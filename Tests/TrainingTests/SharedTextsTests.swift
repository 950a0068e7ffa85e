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

    /// Elements of an array may all be in one line, and each task skips other rows.
    @Test func rowsOfAnArrayAreMatchedByElement() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("shared-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let rows = [
            #"{"text":"t0","label":null,"score":0}"#, #"{"text":"t1","label":"a","score":null}"#,
            #"{"text":"t2","label":"b","score":2}"#, #"{"text":"t3","label":"","score":3}"#,
            #"{"text":"t4","label":"a","score":4}"#,
        ]
        let file = folder.appendingPathComponent("t.json")
        try Data("[\(rows.joined(separator: ", "))]".utf8).write(to: file)
        func load(_ name: String, _ kind: String) throws -> TaskData {
            try TaskData.load(
                TaskDefinition(
                    name: name, kind: kind, data: [.train: "t.json"], fields: ["text": "text"], folder: folder,
                    source: name))
        }
        let tasks = [try load("topic", "text-classification"), try load("stars", "regression")]
        #expect(tasks.map { $0.train.map(\.element) } == [[1, 2, 4], [0, 2, 3, 4]])
        let shared = try SharedTexts.rows(.train, of: tasks)
        #expect(shared.map { $0.map(\.text) } == [[String]](repeating: (0..<5).map { "t\($0)" }, count: 2))
        #expect(shared[0].map(\.label) == [nil, 0, 1, nil, 0])
        #expect(shared[1].map { $0.numbers?.values } == [[0], nil, [2], [3], [4]])
    }

    /// Rows of one line and no element are matched by their order, in a time that does not grow with its square.
    @Test func manyElementsInOneLine() throws {
        let rows = (0..<50_000).map { Example(id: $0, text: "t", label: 0, line: 1, element: $0) }
        let many = [task("one", kind: "text-classification", rows), task("two", kind: "text-classification", rows)]
        #expect(try SharedTexts.rows(.train, of: many).map(\.count) == [50_000, 50_000])
    }

    private func message(_ tasks: [TaskData]) -> String? {
        do {
            _ = try SharedTexts.rows(.train, of: tasks)
            return nil
        } catch { return "\(error)" }
    }

    @Test func differentTextsAreRefused() throws {
        var other = tasks[2]
        other.train[0].text = "text two"
        let found = try #require(message([tasks[0], other]))
        #expect(
            found.hasPrefix("one:2: task one reads \"text 2\", task three reads \"text two\"; --share-texts needs")
                && !found.contains("\n"), "\(found)")
        other.train[0].text = "text 2"
        other.train[0].pair = "and more"
        #expect(
            message([tasks[0], other])?.contains("task one reads one text, task three reads a pair of texts") == true)
    }

    /// What two tasks read in one row, and what a message says of it.
    static let pairs: [(Form, Form, String?)] = [
        (.words(["a", "b"]), Form.words(["a", "b"]), nil),
        (.words(["a", "b"]), .words(["a", "c"]), "task one reads \"b\" as word 2, task two reads \"c\" as word 2"),
        (.words(["a", "b"]), .words(["a"]), "task one reads 2 words, task two reads 1 word"),
        (.words(["a b"]), .words(["a", "b"]), "task one reads \"a b\" as word 1, task two reads \"a\" as word 1"),
        (.words(["Hello", ",", "world"]), .text(" Hello,\tworld "), nil),
        (.text("Hello, world"), .words(["Hello", ",", "world"]), nil),
        (
            .words(["Hello", ",", "world"]), .text("Hello, word"),
            "task one reads the words \"Hello , world\", task two reads \"Hello, word\""
        ),
        (.text("a b"), .words(["b", "a"]), "task two reads the words \"b a\", task one reads \"a b\""),
        (.text("a b"), .text("a  b"), "task one reads \"a b\", task two reads \"a  b\""),
    ]

    @Test(arguments: pairs) func whatCountsAsTheSameText(_ a: Form, _ b: Form, _ expected: String?) throws {
        let found = message([
            task("one", kind: a.kind, [a.example]), task("two", kind: b.kind, [b.example]),
        ])
        guard let expected else {
            #expect(found == nil, "\(found ?? "")")
            return
        }
        #expect(
            found?.hasPrefix("one:1: \(expected);") == true || found?.hasPrefix("two:1: \(expected);") == true,
            "\(found ?? "no error")")
    }

    enum Form: Sendable {
        case text(String)
        case words([String])

        var kind: String { if case .text = self { "text-classification" } else { "tagging" } }
        var example: Example {
            switch self {
            case .text(let text): Example(id: 0, text: text, label: 0, line: 1)
            case .words(let words):
                Example(
                    id: 0, text: words.joined(separator: " "), line: 1,
                    payload: TaggedTokens(tokens: words, tags: words.map { _ in 0 }))
            }
        }
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
