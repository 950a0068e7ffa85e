import Foundation
import Testing

@testable import Tasks

/// The definitions of multiple-choice suites in `tasks/` read rows in the form of the suites' files; the rows are our own.
struct ChoiceDefinitionTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    /// A definition's task with files of our own.
    private func load(_ name: String, _ files: [String: String]) throws -> TaskData {
        let yaml = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("tasks/\(name).yaml")
        let copy = try scratch.write("\(name).yaml", try String(contentsOf: yaml, encoding: .utf8))
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

    /// As the command in the definition leaves them.
    @Test(arguments: ["arc-easy", "openbookqa"]) func flatRows(_ name: String) throws {
        let row = #"{"question":"What melts?","choices":["ice","iron ore","sand"],"answer":0}"#
        let files = name == "openbookqa" ? ["train", "dev", "test"] : ["Train", "Dev", "Test"]
        let folder = name == "openbookqa" ? "openbookqa" : "arc"
        let data = try load(name, Dictionary(uniqueKeysWithValues: files.map { ("\(folder)/\($0).jsonl", row) }))
        #expect(
            data.test.map(\.choices) == [
                Choices(question: "What melts?", choices: ["ice", "iron ore", "sand"], answer: 0)
            ])
    }
}
