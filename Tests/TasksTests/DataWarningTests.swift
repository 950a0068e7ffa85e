import Foundation
import Testing

@testable import Tasks

/// What is read but doubtful is said, with numbers.
struct DataWarningTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    private func warnings(_ name: String, _ text: String, _ more: String = "") throws -> [String] {
        try scratch.write(name, text)
        let yaml = try scratch.write("t.yaml", "kind: text-classification\ndata: {train: \(name)}\n\(more)")
        return try TaskData.load(TaskDefinition.load(yaml)).warnings.map {
            $0.replacingOccurrences(of: scratch.url.standardizedFileURL.path + "/", with: "")
        }
    }

    @Test func quotedCellsThatSwallowRows() throws {
        let rows = [
            "\"A cold door, said he\tneg", "a warm soup\tpos", "a poor sound\"\tneg", "x\tpos", "y\tneg", "z\tpos",
        ]
        let tsv = "text\tlabel\n" + rows.joined(separator: "\n") + "\n"
        #expect(
            try warnings("a.tsv", tsv).first
                == "t: 1 quoted cell of a.tsv spans several lines (the first begins in line 2); 4 rows were read; if quotes "
                + "are plain characters, set quoting: none in a task YAML")
        #expect(try warnings("a.tsv", tsv, "quoting: none\n").isEmpty)
        // In CSV text with line ends is common; a line that would be a row is not.
        let csv = "text,label\n\"A cold door,neg\nwarm soup,pos\na poor sound\",neg\nx,pos\ny,neg\nz,pos\n"
        #expect(
            try warnings("a.csv", csv).first
                == "t: 1 quoted cell of a.csv seems to contain other rows (the first is in the row of line 2); 4 rows were read; "
                + "if quotes are plain characters, set quoting: none in a task YAML")
        let two = "label,text\nneg,\"A cold door\npos,a poor sound\"\npos,x\nneg,y\npos,z\nneg,y\n"
        #expect(try warnings("a.csv", two).first?.contains("seems to contain other rows") == true)
        let honest = "text,label\n\"first line, and more\nsecond, and third\",neg\nx,pos\n\"a\n\nb\",neg\nz,pos\n"
        #expect(try warnings("a.csv", honest).isEmpty)
    }

    @Test func labelsThatLookAlike() throws {
        let rows = ["neg", "neg ", "Pos", "pos", "pos", "neg", "neg ", "Pos", "p\u{200B}os", "p\u{200B}os", "ok", "ok"]
        let text = rows.map { "{\"text\": \"x\", \"label\": \"\($0)\"}\n" }.joined()
        #expect(
            try warnings("a.jsonl", text) == [
                "t: labels that differ only in white space, case or invisible characters are different classes: "
                    + "'Pos' (2 rows) and 'pos' (2 rows) and 'p\\u{200b}os' (2 rows); 'neg' (2 rows) and 'neg ' (2 rows); make "
                    + "them equal in the data if they mean the same"
            ])
        #expect(try warnings("a.jsonl", text.replacingOccurrences(of: "neg ", with: "neg")).count == 1)
        let listed = ["neg", "neg ", "ok"].map { "{\"text\": \"x\", \"label\": \"\($0)\"}\n" }.joined()
        #expect(try warnings("a.jsonl", listed, "labels: [neg, 'neg ', ok]\n").count == 1)
    }

    /// Accents that are composed in one file and not in another are one label.
    @Test func accentsHoweverComposed() throws {
        try scratch.write("a.csv", "text,label\na,caf\u{E9}\nb,the\u{301}\nc,cafe\u{301}\n")
        let definition = TaskDefinition(
            name: "t", kind: "text-classification", data: [.train: "a.csv"], folder: scratch.url, source: "t")
        let data = try TaskData.load(definition)
        #expect(data.labels.count == 2 && data.train[0].label == data.train[2].label)
    }

    @Test func textsThatWereDamagedBefore() throws {
        let text = "text,label\na\u{FFFD}b,1\nx\u{0},2\ny,1\nz,2\n"
        #expect(
            try warnings("a.csv", text) == [
                "t: 2 of 4 rows of train contain U+FFFD or NUL (the first is a.csv:2); an earlier program may have read the "
                    + "file in the wrong encoding"
            ])
    }

    @Test func numbersForNames() throws {
        try scratch.write("a.csv", "text,label\na,1\nb,0\nc,1.0\nd,pos\n")
        let map = TaskDefinitionText("labels: {0: neg, 1: pos}\n")
        let data = try TaskData.load(TaskDefinition.load(try scratch.write("t.yaml", map.yaml)))
        #expect(data.labels == ["neg", "pos"] && data.train.map(\.label) == [1, 0, 1, 1])
        // A head that was trained with the names, in its own order
        let head = KnownLabels(["pos", "neg"], source: .bundle(file: "g.h5"))
        let scored = try TaskData.load(data.definition, splits: [.train], labels: head)
        #expect(scored.train.map(\.label) == [0, 1, 0, 0])
        let list = TaskDefinitionText("labels: [neg, pos]\n")
        let found = scratch.message {
            _ = try TaskData.load(TaskDefinition.load(try scratch.write("t.yaml", list.yaml)), unknownLabels: .refuse)
        }
        #expect(
            found
                == "a.csv:2: label '1' is not one of the 2 labels in t.yaml; fix it, or add it to labels; if the numbers "
                + "mean these labels, write a map, for example labels: {0: neg, 1: pos}")
    }
}

private struct TaskDefinitionText {
    let yaml: String

    init(_ more: String) { yaml = "kind: text-classification\ndata: {train: a.csv}\n" + more }
}
