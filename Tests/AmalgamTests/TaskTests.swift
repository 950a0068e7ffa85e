import Amalgam
import Foundation
import Testing

/// Tasks from values are the tasks from files.
@Suite struct TaskTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    /// Trains a head on a task of a folder and on the same task in memory.
    private func sameBytes(_ name: String, _ rows: [String: [String]], _ memory: TextTask) async throws {
        for (split, lines) in rows { try fixture.write("\(name)/\(split).jsonl", lines) }
        let file = try TextTask(contentsOf: fixture.url(name))
        #expect(file.name == memory.name && file.kind == memory.kind && file.splits == memory.splits)
        #expect(try file.summary() == memory.summary())
        let model = try fixture.model()
        let a = try await model.train(.head, on: file, options: Fixture.options).result
        let b = try await model.train(.head, on: memory, options: Fixture.options).result
        #expect(try a.bundle.data() == b.bundle.data(), "\(name)")
        #expect(a.run == b.run && a.dev == b.dev && a.warnings.map(\.kind) == b.warnings.map(\.kind))
    }

    @Test func classification() async throws {
        func rows(_ examples: [ClassificationExample]) -> [String] {
            examples.map { #"{"text": "\#($0.text)", "label": "\#($0.label)"}"# }
        }
        let (train, dev) = (Fixture.examples(), Fixture.examples(12, shift: 1))
        try await sameBytes(
            "game", ["train": rows(train), "dev": rows(dev)],
            .classification(name: "game", train: train, dev: dev))
    }

    @Test func pairs() async throws {
        let train = (0..<24).map { PairExample("a \($0 % 3 == 0 ? "x" : "y")", "b", label: $0 % 2 == 0 ? "1" : "0") }
        try await sameBytes(
            "pairs",
            ["train": train.map { #"{"text_a": "\#($0.first)", "text_b": "\#($0.second)", "label": \#($0.label)}"# }],
            .pairClassification(name: "pairs", train: train))
    }

    @Test func tags() async throws {
        let train = (0..<24).map {
            TaggingExample(["a", "b", "\($0 % 2 == 0 ? "x" : "z")"], tags: ["O", "B-T", $0 % 2 == 0 ? "I-T" : "O"])
        }
        func list(_ words: [String]) -> String { words.map { "\"\($0)\"" }.joined(separator: ", ") }
        let rows = train.map { #"{"tokens": [\#(list($0.words))], "tags": [\#(list($0.tags))]}"# }
        try await sameBytes(
            "tags", ["train": rows, "dev": rows], .tagging(name: "tags", train: train, dev: train))
    }

    @Test func trees() async throws {
        let train = (0..<24).map {
            ParsingExample(
                ["a", "b", $0 % 2 == 0 ? "x" : "z"],
                arcs: [.init(head: 2, label: "det"), .init(head: 3, label: "nsubj"), .init(head: 0, label: "root")])
        }
        let rows = train.map {
            #"{"tokens": ["a", "b", "\#($0.words[2])"], "heads": [2, 3, 0], "deprels": ["det", "nsubj", "root"]}"#
        }
        try await sameBytes(
            "trees", ["train": rows, "dev": rows], .parsing(name: "trees", train: train, dev: train))
    }

    @Test func numbers() async throws {
        let train = (0..<24).map {
            RegressionExample("a b \($0 % 2 == 0 ? "x" : "z")", values: [Double($0) / 3, $0 % 5 == 0 ? nil : 0.1])
        }
        let rows = train.map { example in
            let values = example.values.map { $0.map { "\($0)" } ?? "null" }.joined(separator: ", ")
            return #"{"text": "\#(example.text)", "score": [\#(values)]}"#
        }
        try await sameBytes(
            "numbers", ["train": rows, "test": rows], .regression(name: "numbers", train: train, test: train))
    }

    @Test func summaryCountsAndWarns() throws {
        let task = try TextTask.classification(
            name: "game", train: Fixture.examples(),
            dev: [ClassificationExample("x", label: "a"), ClassificationExample("x", label: "new")])
        let summary = try task.summary()
        #expect(summary.labels == ["a", "b"] && summary.metric == "accuracy")
        #expect(summary.examples == [.train: 24, .dev: 2] && summary.skipped == [.train: 0, .dev: 0])
        #expect(summary.warnings.count == 1 && summary.warnings[0].kind == .data)
        #expect(summary.warnings[0].text.contains("'new'"))
    }

    @Test func mistakesNameTheExampleAndTheField() async throws {
        var examples = Fixture.examples()
        examples[4].label = ""
        var task = try TextTask.classification(name: "game", train: examples)
        #expect(try task.summary().skipped == [.train: 1])
        task.unknownLabels = .refuse
        let error = try #require(await AmalgamError.thrown { _ = try task.summary() })
        #expect(error.kind == .missingField && error.field == "label" && error.line == 5 && error.file == nil)
        #expect(error.fix != nil && error.description.contains("game, train:5"), "\(error)")

        let ragged = try TextTask.tagging(
            name: "t", train: [TaggingExample(["a", "b"], tags: ["O"]), TaggingExample(["a"], tags: ["B"])])
        let other = try #require(await AmalgamError.thrown { _ = try ragged.summary() })
        #expect(other.kind == .invalidContent && other.line == 1 && other.field == "tags")

        let metric = await AmalgamError.thrown {
            _ = try TextTask.regression(name: "r", train: [], metric: "accuracy")
        }
        #expect(metric?.kind == .option && metric?.field == "metric")
    }

    @Test func aMissingFieldOfAFileIsTyped() async throws {
        let good = #"{"text": "a", "label": "x"}"#
        try fixture.write("game/train.jsonl", [good, #"{"text": "b", "label": "y"}"#, #"{"label": "x"}"#])
        let task = try TextTask(contentsOf: fixture.url("game"))
        let error = try #require(await AmalgamError.thrown { _ = try task.summary() })
        #expect(error.kind == .missingField && error.field == "text" && error.line == 3)
        #expect(error.file?.lastPathComponent == "train.jsonl" && error.expected == "text" && error.fix != nil)
        // The job throws the same
        let job = try fixture.model().train(.head, on: task)
        #expect(await AmalgamError.thrown { _ = try await job.result } == error)
        let missing = await AmalgamError.thrown { _ = try TextTask(contentsOf: fixture.url("nowhere")) }
        #expect(missing?.kind == .missingFile && missing?.file?.lastPathComponent == "nowhere")
    }
}
