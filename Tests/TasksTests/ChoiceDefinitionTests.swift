import Foundation
import Testing

@testable import Tasks

/// The definitions of multiple-choice suites in `tasks/` read rows in the form of the suites' files; the rows are our own.
struct ChoiceDefinitionTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    /// A definition's task with files of our own.
    private func load(_ name: String, _ files: [String: String]) throws -> TaskData {
        let copy = try scratch.write("\(name).yaml", try ScratchFolder.shipped(name))
        for (file, text) in files { try scratch.write(file, text) }
        let data = try TaskData.load(try TaskDefinition.load(copy))
        #expect(data.definition.kind == "multiple-choice" && data.definition.metric == "accuracy")
        // Our own files are shorter than the data, which the definition tells
        #expect(
            data.warnings.count == data.definition.data.count && data.warnings.allSatisfy { $0.contains("(rows in ") })
        return data
    }

    @Test func copa() throws {
        let row =
            #"{"premise": "The glass fell.", "choice1": "It broke.", "choice2": "It grew.", "question": "effect", "label": 0, "idx": 3}"#
        let expected = Choices(question: "The glass fell. effect", choices: ["It broke.", "It grew."], answer: 0)
        let copa = try load("copa", ["COPA/train.jsonl": row, "COPA/val.jsonl": row])
        #expect(copa.train.map(\.choices) == [expected] && copa.dev.map(\.choices) == [expected])
        let xcopa = try load("xcopa-it", ["xcopa/it/val.it.jsonl": row, "xcopa/it/test.it.jsonl": row])
        #expect(xcopa.train.isEmpty && xcopa.test.map(\.choices) == [expected])
    }

    @Test func mmlu() throws {
        let rows = "\"Which of these, if any, is even?\",1,2,3,5,B\nWhat is 2 + 2?,3,5,4,1,C\n"
        let data = try load("mmlu", ["mmlu/dev.csv": rows, "mmlu/test.csv": rows])
        #expect(
            data.test.map(\.choices) == [
                Choices(question: "Which of these, if any, is even?", choices: ["1", "2", "3", "5"], answer: 1),
                Choices(question: "What is 2 + 2?", choices: ["3", "5", "4", "1"], answer: 2),
            ])
    }

    @Test func hellaswag() throws {
        let row = #"{"ind": 4, "ctx": "She opens the", "endings": ["door.", "sky.", "sea.", "idea."], "label": 0}"#
        let files = ["train", "val"].map { ("hellaswag/hellaswag_\($0).jsonl", row) }
        #expect(
            try load("hellaswag", Dictionary(uniqueKeysWithValues: files)).test.map(\.choices) == [
                Choices(question: "She opens the", choices: ["door.", "sky.", "sea.", "idea."], answer: 0)
            ])
    }

    @Test func piqa() throws {
        let row = #"{"goal": "Boil water", "sol1": "Heat it", "sol2": "Cool it", "label": 0}"#
        #expect(
            try load("piqa", ["piqa/train.jsonl": row, "piqa/dev.jsonl": row]).test.map(\.choices) == [
                Choices(question: "Boil water", choices: ["Heat it", "Cool it"], answer: 0)
            ])
    }

    @Test func record() throws {
        let row =
            #"{"context":"Ada met Bo.","question":"@placeholder met Ada","choices":["Ada","Bo"],"passage":0,"answer":1}"#
        let yaml = try ScratchFolder.shipped("superglue-record")
        let copy = try scratch.write("superglue-record.yaml", yaml)
        for split in ["train", "val"] { try scratch.write("record/\(split).jsonl", row) }
        let data = try TaskData.load(try TaskDefinition.load(copy))
        #expect(data.test.map(\.choices?.choices) == [["Ada", "Bo"]] && data.test[0].choices?.answer == 1)
        #expect(data.test[0].choices?.context == "Ada met Bo." && data.test[0].group == "0")
    }

    /// Questions of SuperGLUE that are pairs of texts: a label that is a number, true or a word.
    @Test(arguments: [
        ("rte", #"{"premise": "a", "hypothesis": "b", "label": "entailment", "idx": 0}"#, "", "entailment"),
        ("wic", #"{"text_a": "a", "text_b": "b", "label": true}"#, "wic/", "true"),
        ("wsc", #"{"text_a": "a", "text_b": "b", "label": true}"#, "wsc/", "true"),
        ("multirc", #"{"text_a": "a", "text_b": "b", "label": 1, "passage": 7}"#, "multirc/", "1"),
    ])
    func pairs(name: String, row: String, folder: String, label: String) throws {
        let other = row.replacing("\"entailment\"", with: "\"not\"").replacing("true", with: "false")
            .replacing("\"label\": 1", with: "\"label\": 0")
        let copy = try scratch.write("t.yaml", try ScratchFolder.shipped("superglue-\(name)"))
        for split in ["train", "val"] { try scratch.write("\(folder)\(split).jsonl", row + "\n" + other) }
        let data = try TaskData.load(try TaskDefinition.load(copy))
        #expect(data.test.count == 2 && data.labels.contains(label) && data.test[0].text == "a")
        #expect(data.test[0].pair == "b" && data.labels[data.test[0].label ?? 0] == label)
    }

    /// As the command in the definition leaves them.
    @Test(arguments: ["arc-easy", "openbookqa", "commonsenseqa"]) func flatRows(_ name: String) throws {
        let row = #"{"question":"What melts?","choices":["ice","iron ore","sand"],"answer":0}"#
        let files = name == "arc-easy" ? ["Train", "Dev", "Test"] : ["train", "dev", "test"]
        let folder = name == "arc-easy" ? "arc" : name
        let data = try load(name, Dictionary(uniqueKeysWithValues: files.map { ("\(folder)/\($0).jsonl", row) }))
        #expect(
            data.test.map(\.choices) == [
                Choices(question: "What melts?", choices: ["ice", "iron ore", "sand"], answer: 0)
            ])
    }
}

extension ScratchFolder {
    /// The text of a definition in `tasks`.
    fileprivate static func shipped(_ name: String) throws -> String {
        let yaml = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("tasks/\(name).yaml")
        return try String(contentsOf: yaml, encoding: .utf8)
    }
}
