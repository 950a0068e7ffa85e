import Foundation
import Testing

/// `train-multitask --share-texts` on files as users have them.
@Suite(.serialized, .timeLimit(.minutes(5))) struct SharedTextsCommandTests {
    /// Two tasks of one file, and the file's rows as JSON objects.
    private func tasks(_ lab: Lab, file: String, rows: [String], secondText: String = "text") throws {
        let isArray = file.hasSuffix(".json")
        try lab.write("data/\(file)", isArray ? ["[\(rows.joined(separator: ", "))]"] : rows)
        try lab.write(
            "data/topic.yaml",
            ["name: topic", "kind: text-classification", "data: {train: \(file), dev: \(file)}"])
        try lab.write(
            "data/stars.yaml",
            [
                "name: stars", "kind: regression", "data: {train: \(file), dev: \(file)}",
                "fields: {text: \(secondText), score: stars}",
            ])
    }

    private func train(_ lab: Lab, out: String = "both.h5", _ more: [String] = ["--epochs", "1"]) throws -> Lab.Run {
        try lab.run(
            [
                "train-multitask", "--model", "@tiny", "--tasks", "@data/topic.yaml", "@data/stars.yaml", "--out",
                "@\(out)", "--share-texts", "--lr", "1e-3",
            ] + more)
    }

    /// Every third row lacks a label, every fourth a score.
    private let rows = (0..<24).map { i in
        "{\"text\": \"gi lo \(["ma", "be", "bo"][i % 3]) \(i)\", \"label\": \(i % 3 == 2 ? "null" : i % 2 == 0 ? "\"a\"" : "\"b\""), "
            + "\"stars\": \(i % 4 == 3 ? "null" : String(i % 5)), \"title\": \"gi\"}"
    }

    /// An array on one line and lines give the same bundle: rows are matched by what they are, not by where they stand.
    @Test func arrayOnOneLine() throws {
        let lab = try Lab()
        try tasks(lab, file: "rows.json", rows: rows)
        let array = try train(lab)
        try #require(array.status == 0, "\(array.words)")
        #expect(array.errors.contains("topic: skipped 8 of 24 rows of train"), "\(array.words)")
        try tasks(lab, file: "rows.jsonl", rows: rows)
        let lines = try train(lab, out: "lines.h5")
        try #require(lines.status == 0, "\(lines.words)")
        #expect(try lab.data("both.h5") == lab.data("lines.h5"))
    }

    /// All heads of a text read what its frozen layers gave once.
    @Test func frozenLayersAreComputedOnce() throws {
        let lab = try Lab()
        try tasks(lab, file: "rows.jsonl", rows: rows)
        let more = ["--epochs", "3", "--no-base-dropout", "--set", "leave_out=[0]"]
        let kept = try train(lab, more)
        #expect(
            kept.output.contains(
                "computed once: the lowest 1 layer of 22 training texts, the lowest 1 layer of 22 dev texts ("),
            "\(kept.words)")
        let computed = try train(lab, out: "off.h5", more + ["--activation-cache", "off"])
        #expect(computed.status == 0 && !computed.output.contains("computed once"), "\(computed.words)")
        #expect(try lab.data("both.h5") == lab.data("off.h5"))
    }

    @Test func differentTexts() throws {
        let lab = try Lab()
        try tasks(lab, file: "rows.json", rows: rows, secondText: "title")
        let run = try train(lab)
        #expect(run.status == 65, "\(run.words)")
        #expect(
            run.errors.contains(
                "rows.json[0]:1: task topic reads \"gi lo ma 0\", task stars reads \"gi\"; --share-texts needs the same text"
            ),
            "\(run.words)")
    }
}
