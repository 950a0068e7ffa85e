import Foundation
import Testing

@testable import Tasks

struct MultiLabelTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    @Test func readsSetsOfLabels() throws {
        let data = try scratch.load(
            """
            {"text": "a", "labels": ["sad", "angry", "sad"]}
            {"text": "b", "labels": []}
            {"text": "c", "labels": ["calm"]}
            """, dev: #"{"text": "d", "labels": ["calm", "glad", "glad"]}"#)
        #expect(data.definition.kind == "multi-label-classification" && data.definition.metric == "micro_f1")
        #expect(data.labels == ["angry", "calm", "sad"])
        #expect(data.train.map(\.labelSet) == [LabelSet(labels: [0, 2]), LabelSet(labels: []), LabelSet(labels: [1])])
        #expect(data.train.allSatisfy { $0.isScored && $0.hasKnownAnswer && $0.label == nil })
        #expect(data.dev[0].labelSet == LabelSet(labels: [1], unknown: ["glad"]))
        #expect(data.dev[0].unknownLabel == "glad")
        #expect(data.warnings.contains { $0.contains("3 of 3 labels") } == false)
    }

    @Test func readsPairsAndTables() throws {
        let pairs = try scratch.load(#"{"text_a": "a", "text_b": "b", "labels": ["x"]}"#)
        #expect(pairs.definition.kind == "multi-label-classification")
        #expect(pairs.train[0].text == "a" && pairs.train[0].pair == "b")
        let table = try ScratchFolder().load("text,labels\nx,a b\ny,\nz,\"[\"\"b c\"\"]\"\n", file: "csv")
        #expect(table.labels == ["a", "b", "b c"])
        #expect(table.train.map { $0.labelSet?.labels } == [[0, 1], [], [2]])
    }

    @Test func labelsMayBeListed() throws {
        try scratch.write("train.jsonl", #"{"text": "a", "labels": [1]}"#)
        try scratch.write(
            "t.yaml", "kind: multi-label-classification\ndata: {train: train.jsonl}\nlabels: {0: calm, 1: sad}\n")
        let data = try TaskData.load(try TaskDefinition.load(scratch.url.appendingPathComponent("t.yaml")))
        #expect(data.labels == ["calm", "sad"] && data.train[0].labelSet?.labels == [1])
    }

    @Test func refusesWhatIsNoListOfLabels() {
        func message(_ row: String) -> String { scratch.message { _ = try scratch.load(row) } }
        #expect(
            message(#"{"text": "a", "labels": {"x": 1}}"#)
                == "d/train.jsonl:1: 'labels' is an object; expected a list of labels")
        #expect(
            message(#"{"text": "a", "labels": [null]}"#)
                == "d/train.jsonl:1: 'labels' is null; expected a string, an integer or a boolean")
        #expect(
            message(#"{"text": "a", "labels": []}"#)
                == "d/train.jsonl: labels are none; expected at least 1 different ones")
        #expect(
            message(#"{"text": "a", "labels": "x, y"}"#)
                == "d/train.jsonl:1: 'labels' is 'x, y'; expected labels between white space, or a list in JSON, such as "
                + #"["a", "b"]"#)
        #expect(message(#"{"text": 1, "labels": ["x"]}"#) == "d/train.jsonl:1: 'text' is an integer; expected a string")
    }

    @Test func rowsWithoutLabelsAreSkippedWhereTheyAreNeeded() throws {
        let data = try scratch.load(
            """
            {"text": "a", "labels": ["x"]}
            {"text": "a", "labels": null}
            {"text": "a"}
            {"text": "a", "labels": [""]}
            """)
        #expect(data.train.count == 1)
        #expect(data.skipped[.train]?.map(\.reason) == [.nullLabel, .missingLabel, .emptyLabel])
    }

    /// A split in which no label is known is a mistake; empty sets are answers.
    @Test func splitsThatCanBeScored() throws {
        let train = #"{"text": "a", "labels": ["x", "y"]}"#
        #expect(try scratch.load(train, dev: #"{"text": "a", "labels": []}"#).dev[0].hasKnownAnswer)
        #expect(
            scratch.message { _ = try scratch.load(train, dev: #"{"text": "a", "labels": ["z"]}"#) }
                .hasPrefix("d/dev.jsonl:1: label 'z' does not occur in d/train.jsonl"))
    }

    @Test func warnsOfLabelsWithOneText() throws {
        let data = try scratch.load(
            """
            {"text": "a", "labels": ["x", "y"]}
            {"text": "b", "labels": ["x", "Y"]}
            """)
        #expect(data.warnings.contains { $0.contains("2 of 3 labels have one training text ('Y', 'y')") })
        #expect(data.warnings.contains { $0.contains("'Y' (1 row) and 'y' (1 row)") })
    }

    @Test func contentDecidesTheBytes() {
        let base = LabelSet(labels: [0, 2], unknown: ["z"])
        let others = [
            LabelSet(labels: [0, 2]), LabelSet(labels: [0], unknown: ["z"]), LabelSet(labels: [0, 2], unknown: ["y"]),
            LabelSet(labels: nil), LabelSet(labels: []),
        ]
        for (i, other) in others.enumerated() {
            #expect(other.canonicalBytes != base.canonicalBytes)
            for later in others[(i + 1)...] { #expect(other.canonicalBytes != later.canonicalBytes) }
        }
    }

    @Test func theConstantBaselineIsTheMostFrequentSet() throws {
        let data = try scratch.load(
            """
            {"text": "a", "labels": ["x", "y"]}
            {"text": "b", "labels": ["y"]}
            {"text": "c", "labels": ["y", "x"]}
            {"text": "d", "labels": ["y"]}
            """)
        var test = data
        test.test = data.train
        let answers = try #require(FrequentLabelSet.answers(test, metric: MicroF1.self) as? LabelSetAnswers)
        #expect(answers.predicted == [[1], [1], [1], [1]] && answers.gold == [[0, 1], [1], [0, 1], [1]])
    }
}
