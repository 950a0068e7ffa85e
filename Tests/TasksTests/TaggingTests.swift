import Foundation
import Testing

@testable import Tasks

struct TaggingTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    @Test func readsWordsAndTags() throws {
        let data = try scratch.load(
            """
            {"tokens": ["Ada", "lives", "in", "New York"], "tags": ["B-PER", "O", "O", "B-LOC"]}
            {"tokens": [], "tags": []}
            """, dev: #"{"tokens": ["x", "y"], "tags": ["B-ORG", "O"]}"#)
        #expect(data.definition.kind == "tagging")
        #expect(Tagging.head == "tagging")
        #expect(data.labels == ["B-LOC", "B-PER", "O"])
        #expect(data.train[0].text == "Ada lives in New York")
        #expect(data.train[0].tagged == TaggedTokens(tokens: ["Ada", "lives", "in", "New York"], tags: [1, 2, 2, 0]))
        #expect(data.train[1].tagged == TaggedTokens(tokens: [], tags: []))
        #expect(data.dev[0].tagged == TaggedTokens(tokens: ["x", "y"], tags: [-1, 2], unknown: [0: "B-ORG"]))
        #expect(data.dev[0].unknownLabel == "B-ORG")
    }

    @Test func numbersMayStandForTags() throws {
        try scratch.write("train.jsonl", #"{"words": ["a", "b"], "tags": [1, 0]}"#)
        try scratch.write(
            "t.yaml",
            "kind: tagging\ndata: {train: train.jsonl}\nfields: {tokens: words}\nlabels: {0: O, 1: B-PER}\n")
        let data = try TaskData.load(try TaskDefinition.load(scratch.url.appendingPathComponent("t.yaml")))
        #expect(data.labels == ["O", "B-PER"])
        #expect(data.train[0].tagged?.tags == [1, 0])
    }

    @Test func delimitedTextSplitsAtWhiteSpace() throws {
        let data = try scratch.load("tokens\ttags\nAda  lives\tB-PER O\n", file: "tsv")
        #expect(data.train[0].tagged == TaggedTokens(tokens: ["Ada", "lives"], tags: [0, 1]))
    }

    @Test func refusesRowsThatDoNotFit() {
        func message(_ row: String) -> String { scratch.message { _ = try scratch.load(row) } }
        #expect(
            message(#"{"tokens": ["a", "b"], "tags": ["O", "O"]}"#)
                == "d/train.jsonl: labels are 'O'; expected at least 2 different ones")
        #expect(
            message(#"{"tokens": ["a", "b"], "tags": ["O", "B-X", "O"]}"#)
                == "d/train.jsonl:1: 'tags' is a list of 3 tags; expected 2 tags, one for each element of 'tokens'")
        #expect(
            message(#"{"tokens": ["a", 2], "tags": ["O", "B-X"]}"#)
                == "d/train.jsonl:1: 'tokens' is a list with an integer; expected a list of strings")
        #expect(
            message(#"{"tokens": ["a", "b"], "tags": ["O", null]}"#)
                == "d/train.jsonl:1: 'tags' is null; expected a string, an integer or a boolean")
        #expect(
            message(#"{"tokens": [["a"], "b"], "tags": ["O", "B-X"]}"#)
                == "d/train.jsonl:1: 'tokens' is a list with a list; expected a list of strings")
    }

    @Test func rowsWithoutTagsAreSkippedWhereTheyAreNeeded() throws {
        let data = try scratch.load(
            """
            {"tokens": ["a", "b"], "tags": ["O", "B-X"]}
            {"tokens": ["a", "b"], "tags": null}
            {"tokens": ["a", "b"]}
            {"tokens": ["a", "b"], "tags": ["O", ""]}
            """)
        #expect(data.train.count == 1)
        #expect(data.skipped[.train]?.map(\.reason) == [.nullLabel, .missingLabel, .emptyLabel])
        let test = try scratch.write("d/test.jsonl", #"{"tokens": ["a", "b"]}"#)
        #expect(test.isFileURL)
        let bare = try TaskData.load(
            data.definition.with(test: "test.jsonl"), splits: [.test],
            labels: KnownLabels(["O", "B-X"], source: .bundle(file: "b.h5")), needsTargets: false)
        #expect(bare.test[0].tagged == TaggedTokens(tokens: ["a", "b"]))
    }

    /// A row with one known tag can be scored; a split without any known tag cannot.
    @Test func unknownTagsCountAsWrong() throws {
        let train = #"{"tokens": ["a", "b"], "tags": ["O", "B-X"]}"#
        let some = try scratch.load(train, dev: #"{"tokens": ["a", "b"], "tags": ["O", "B-Y"]}"#)
        #expect(some.dev.count == 1)
        #expect(some.warnings.contains { $0.contains("'B-Y'") })
        #expect(
            scratch.message { _ = try scratch.load(train, dev: #"{"tokens": ["a"], "tags": ["B-Y"]}"#) }
                .hasPrefix("d/dev.jsonl:1: label 'B-Y' does not occur in d/train.jsonl"))
    }

    @Test func contentDecidesTheBytes() {
        let base = TaggedTokens(tokens: ["a", "bc"], tags: [0, -1], unknown: [1: "z"])
        let others = [
            TaggedTokens(tokens: ["ab", "c"], tags: [0, -1], unknown: [1: "z"]),
            TaggedTokens(tokens: ["a", "bc"], tags: [1, -1], unknown: [1: "z"]),
            TaggedTokens(tokens: ["a", "bc"], tags: [0, -1], unknown: [1: "y"]),
            TaggedTokens(tokens: ["a", "bc"]), TaggedTokens(tokens: ["a", "bc"], tags: [0, 1]),
        ]
        for other in others { #expect(other.canonicalBytes != base.canonicalBytes) }
    }
}

extension TaskDefinition {
    fileprivate func with(test: String) -> TaskDefinition {
        var definition = self
        definition.data[.test] = test
        return definition
    }
}
