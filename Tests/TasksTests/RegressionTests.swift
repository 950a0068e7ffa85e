import Foundation
import Testing

@testable import Tasks

struct RegressionTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    private func load(_ train: String, dev: String? = nil, file: String = "jsonl") throws -> TaskData {
        try scratch.write("d/train.\(file)", train)
        if let dev { try scratch.write("d/dev.\(file)", dev) }
        return try TaskData.load(try TaskDefinition.load(scratch.url.appendingPathComponent("d")))
    }

    @Test func readsPairsAndSingleTexts() throws {
        let pairs = try load(#"{"text_a": "a", "text_b": "b", "score": 3}"#)
        #expect(pairs.definition.kind == "regression")
        #expect(pairs.definition.metric == "pearson")
        #expect(pairs.labels.isEmpty)
        #expect(pairs.train[0].pair == "b")
        #expect(pairs.train[0].numbers == Numbers(values: [3]))
        let singles = try load(
            #"{"text": "a", "score": [1.5, null, -2e3]}"# + "\n" + #"{"text": "b", "score": [1, 1, 1]}"#)
        #expect(singles.definition.kind == "regression")
        #expect(singles.train[0].pair == nil)
        #expect(singles.train[0].numbers == Numbers(values: [1.5, nil, -2000]))
        let table = try RegressionTests().load("text,score\nx, 4.25 \ny,\n", file: "csv")
        #expect(table.train.map(\.numbers) == [Numbers(values: [4.25])])
        #expect(table.skipped[.train]?.map(\.reason) == [.emptyLabel])
    }

    @Test func refusesWhatIsNotANumber() {
        func message(_ score: String) -> String {
            scratch.message { _ = try load(#"{"text": "a", "score": 1}"# + "\n{\"text\": \"a\", \"score\": \(score)}") }
        }
        let expected = "expected a finite number, or a list of finite numbers"
        #expect(message("true") == "d/train.jsonl:2: 'score' is a boolean; \(expected)")
        #expect(message("\"four\"") == "d/train.jsonl:2: 'score' is 'four'; \(expected)")
        #expect(message("\"nan\"") == "d/train.jsonl:2: 'score' is nan; \(expected)")
        #expect(message("1e39") == "d/train.jsonl:2: 'score' is 1e+39; \(expected)")
        #expect(message("[]") == "d/train.jsonl:2: 'score' is an empty list; expected a number or a list of numbers")
    }

    /// A place of the list without a number in any training row would be trained on nothing; in dev it is only missing.
    @Test func everyPlaceHasANumber() throws {
        let rows = [#"{"text": "a", "score": [1, null, 3]}"#, #"{"text": "b", "score": [null, null, 2]}"#]
        let expected =
            "d/train.jsonl: value 2 of 3 of 'score' is missing in every training row; fill it in, or remove it from "
            + "the lists"
        #expect(scratch.message { _ = try load(rows.joined(separator: "\n")) } == expected)
        let whole = #"{"text": "c", "score": [1, 2, 3]}"#
        #expect(try load((rows + [whole]).joined(separator: "\n"), dev: rows[0]).train.count == 3)
    }

    /// A list has the same length in all rows of all splits.
    @Test func listsKeepOneLength() {
        let row = #"{"text": "a", "score": [1, 2]}"#
        let other = #"{"text": "a", "score": [1, 2, 3]}"#
        let message = "'score' is 3 numbers; expected 2, as in d/train.jsonl:1"
        #expect(scratch.message { _ = try load(row + "\n" + other) } == "d/train.jsonl:2: \(message)")
        #expect(scratch.message { _ = try load(row, dev: other) } == "d/dev.jsonl:1: \(message)")
    }

    @Test func rowsWithoutAScoreAreSkipped() throws {
        let data = try load(
            """
            {"text": "a", "score": 1}
            {"text": "a", "score": null}
            {"text": "a"}
            {"text": "a", "score": [null]}
            """)
        #expect(data.train.count == 1)
        #expect(data.skipped[.train]?.map(\.reason) == [.nullLabel, .missingLabel, .nullLabel])
    }

    @Test func contentDecidesTheBytes() {
        let base = Numbers(values: [1, nil])
        for other in [Numbers(values: [1, 0]), Numbers(values: [1]), Numbers(values: [1, nil, nil])] {
            #expect(other.canonicalBytes != base.canonicalBytes)
        }
    }
}
