import Foundation
import Testing

@testable import Tasks

/// Rows that are no examples, and labels that nobody knows: each is counted, none is silently lost.
struct SkippedRowTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    private func definition(_ files: [Split: String], labels: [String]? = nil) throws -> TaskDefinition {
        for (split, text) in files { try scratch.write("\(split.rawValue).jsonl", text) }
        return TaskDefinition(
            name: "t", kind: "text-classification",
            data: files.reduce(into: [:]) { $0[$1.key] = "\($1.key.rawValue).jsonl" },
            labels: labels, folder: scratch.url, source: "t.yaml")
    }

    private func lines(_ labels: String...) -> String {
        labels.enumerated().map { #"{"text":"t\#($0)"\#($1.isEmpty ? "" : #","label":\#($1)"#)}"# + "\n" }.joined()
    }

    @Test func aRowWithAnUnknownLabelStaysAndCountsAsWrong() throws {
        let task = try definition([
            .train: lines(#""a""#, #""b""#), .dev: lines(#""a""#, #""z""#), .test: lines(#""z""#, "null", #""b""#),
        ])
        let data = try TaskData.load(task)
        #expect(data.labels == ["a", "b"])
        #expect(data.dev.map(\.label) == [0, nil] && data.dev.map(\.unknownLabel) == [nil, "z"])
        #expect(data.test.map(\.text) == ["t0", "t2"] && data.test.map(\.unknownLabel) == ["z", nil])
        #expect(data.skipped == [.test: [SkippedRow(line: 2, reason: .nullLabel)]])
        #expect(data.files[.test]?.rows == 3 && data.files[.test]?.skipped == [.nullLabel: 1])
        #expect(data.files[.test]?.unknownLabels == 1)
        #expect(data.files[.train]?.bytes == lines(#""a""#, #""b""#).utf8.count)
        #expect(data.warnings.count == 3, "\(data.warnings)")

        let skipping = try TaskData.load(task, unknownLabels: .skip)
        #expect(skipping.dev.map(\.text) == ["t0"] && skipping.dev.map(\.id) == [0])
        #expect(skipping.skipped[.dev] == [SkippedRow(line: 2, reason: .unknownLabel, label: "z")])
        #expect(
            scratch.message { _ = try TaskData.load(task, unknownLabels: .refuse) }
                == "dev.jsonl:2: label 'z' does not occur in train.jsonl; "
                + "fix it, or list all labels under labels in a task YAML")
    }

    @Test func trainingSkipsWhatItCannotLearnFromAndSaysHowMuch() throws {
        let task = try definition(
            [.train: lines("0", #""""#, "null", "", #""the""#, "1")], labels: ["0", "1"])
        let data = try TaskData.load(task)
        #expect(data.train.map(\.text) == ["t0", "t5"] && data.train.map(\.id) == [0, 1])
        #expect(
            data.skipped[.train] == [
                SkippedRow(line: 2, reason: .emptyLabel), SkippedRow(line: 3, reason: .nullLabel),
                SkippedRow(line: 4, reason: .missingLabel),
                SkippedRow(line: 5, reason: .unknownLabel, label: "the"),
            ])
        #expect(
            data.warnings.map { $0.replacingOccurrences(of: scratch.url.standardizedFileURL.path + "/", with: "") } == [
                "t: skipped 4 of 6 rows of train: 1 with an empty label, 1 with a null label, 1 with no label, "
                    + "1 with an unknown label (the first is train.jsonl:2)"
            ])
        // Scoring the same file: the unknown label is a wrong answer
        let scored = try TaskData.load(task, splits: [.train])
        #expect(scored.train.map(\.unknownLabel) == [nil, "the", nil])
        // Nothing is left
        var other = task
        other.labels = ["x", "y"]
        let found = scratch.message { _ = try TaskData.load(other) }
        #expect(found.hasPrefix("train.jsonl:1: label '0' is not one of the 2 labels in t.yaml"), "\(found)")
        for (kept, found) in [("null", "'label' is null"), ("", "no 'label'"), (#""""#, "'label' is empty")] {
            let none = try definition([.train: lines(kept, kept)])
            let message = scratch.message { _ = try TaskData.load(none) }
            #expect(message.hasPrefix("train.jsonl:1: \(found)"), "\(message)")
        }
    }

    /// Half of the rows with other labels are noise; more are another list of labels.
    @Test func trainingOnOtherLabelsIsRefused() throws {
        func message(_ text: String) throws -> String {
            let task = try definition([.train: text], labels: ["neg", "pos"])
            return scratch.message { _ = try TaskData.load(task) }
        }
        let (neg, pos, one, two) = (#""neg""#, #""pos""#, "1", "2")
        #expect(try message(lines(neg, pos, one, two)) == "no error")
        let found = try message(lines(neg, one, two, pos, two))
        #expect(
            found
                == "train.jsonl: 3 of 5 training rows have a label that the list in t.yaml does not have: '2' (2 rows), "
                + "'1' (1 row); expected 'neg', 'pos'; fix the labels in the data, or list those of the data under labels; if "
                + "the numbers mean these labels, write a map, for example labels: {0: neg, 1: pos}", "\(found)")
        #expect(try message(lines(one, one)).hasPrefix("train.jsonl: 2 of 2 training rows have a label that "))
        // Skipping is about splits that are scored
        let task = try definition([.train: lines(neg, one, two, pos, two)], labels: ["neg", "pos"])
        #expect(scratch.message { _ = try TaskData.load(task, unknownLabels: .skip) } == found)
        #expect(try TaskData.load(task, splits: [.train], unknownLabels: .skip).train.count == 2)
        // Rows without a label at all are skipped as before
        #expect(try message(lines(neg, pos, "null", "null", "null")) == "no error")
    }

    @Test func aNullTextIsNullNotMissing() throws {
        let task = try definition([.train: #"{"text":null,"label":1}"# + "\n" + lines("1", "2")])
        #expect(
            scratch.message { _ = try TaskData.load(task) }
                == "train.jsonl:1: 'text' is null; expected a text; fill it in, or delete the row")
    }

    @Test(arguments: [
        ([""], "its one row has no label (1 with no label)"),
        (["", ""], "none of its 2 rows has a label (2 with no label)"),
        (["null", #""""#], "none of its 2 rows has a label (1 with an empty label, 1 with a null label)"),
        (["-1", "-1.0", #""-1""#], "all 3 labels are -1, which is not a label of this task"),
        (["-1", "null"], "its one label is -1, which is not a label of this task"),
    ])
    func aSplitWithoutLabelsDoesNotStopATraining(labels: [String], reason: String) throws {
        let content = labels.map { lines($0) }.joined()
        for split in [Split.dev, .test] {
            let task = try definition([.train: lines("0", "1"), split: content])
            for unknown in [UnknownLabels.count, .skip] {
                let data = try TaskData.load(task, unknownLabels: unknown)
                #expect(data[split].isEmpty && data.train.count == 2)
                #expect(data.unscorable == [split: reason])
                #expect(data.warnings.contains { $0.contains("the \(split.rawValue) split cannot be scored") })
                let error = scratch.message { throw data.missing(split) }
                #expect(error.hasPrefix("\(split.rawValue).jsonl: the \(split.rawValue) split cannot be scored"))
                // Scoring it on purpose is an error
                let found = scratch.message { _ = try TaskData.load(task, splits: [split], unknownLabels: unknown) }
                #expect(
                    found == "\(split.rawValue).jsonl: the \(split.rawValue) split cannot be scored: \(reason); "
                        + "add labels, or choose another split")
            }
        }
    }

    @Test func minusOneIsALabelWhereTrainingHasIt() throws {
        let task = try definition([.train: lines("-1", "0", "1"), .test: lines("-1", "-1")])
        let data = try TaskData.load(task)
        #expect(data.unscorable.isEmpty && data.test.map(\.label) == [0, 0])
    }

    /// One other label among those held back, or other labels throughout: that is a mistake, not a hidden test split.
    @Test func otherLabelsThroughoutAreAnError() throws {
        let task = try definition([.train: lines(#""neg""#, #""pos""#), .test: lines(#""five""#, #""one""#)])
        for unknown in [UnknownLabels.count, .skip, .refuse] {
            let message = scratch.message { _ = try TaskData.load(task, unknownLabels: unknown) }
            #expect(message.hasPrefix("test.jsonl:1: label 'five' does not occur in train.jsonl"), "\(message)")
        }
        #expect(
            scratch.message {
                _ = try TaskData.load(
                    task, splits: [.test], labels: KnownLabels(["neg", "pos"], source: .bundle(file: "g.h5")))
            } == "test.jsonl:1: label 'five' is not a label of the head in g.h5, which knows 'neg', 'pos'; "
                + "use a bundle that was trained on these labels, or rename the labels in the data")
    }

    @Test func numbersWrittenAsFloatsAreTheSameLabels() throws {
        try scratch.write("train.csv", "text,label\na,1.0\nb,0.0\nc,\n")
        try scratch.write("test.csv", "text,label\na,1\nb,0.0\nc,2.0\n")
        let task = TaskDefinition(
            name: "t", kind: "text-classification", data: [.train: "train.csv", .test: "test.csv"],
            folder: scratch.url, source: "t.yaml")
        let data = try TaskData.load(task)
        #expect(data.labels == ["0", "1"])
        #expect(data.train.map(\.label) == [1, 0])
        #expect(data.test.map(\.label) == [1, 0, nil] && data.test[2].unknownLabel == "2.0")
        // A head that was trained on the floats
        let head = KnownLabels(["0.0", "1.0"], source: .bundle(file: "g.h5"))
        #expect(try TaskData.load(task, splits: [.test], labels: head).test.map(\.label) == [1, 0, nil])
        #expect(LabelIndex.names(of: ["1.0", "2", "1"]) == ["1", "2"])
        #expect(LabelIndex.names(of: ["1.0", "1.5", "2.0"]) == ["1.0", "1.5", "2.0"])
        #expect(LabelIndex.names(of: ["1.0", "1", "x"]) == ["1", "x"])
        #expect(LabelIndex.names(of: ["01", "1"]) == ["01", "1"])
        #expect(LabelIndex.names(of: ["1.", ".0", "1.0.0", "v1.0"]) == [".0", "1.", "1.0.0", "v1.0"])
    }
}
