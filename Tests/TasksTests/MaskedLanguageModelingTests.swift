import Foundation
import Testing

@testable import Tasks

/// The metrics of hidden tokens.
@Suite struct MaskedLanguageModelingTests {
    private let answers = TokenAnswers(
        predicted: [[5, 6], [7], []], gold: [[5, 9], [7], []], losses: [1.5, 0.25, 0])

    @Test func perplexityAndAccuracy() {
        #expect(abs(MaskedPerplexity.value(of: answers) - exp(1.75 / 3)) < 1e-15)
        #expect(abs(MaskedAccuracy.value(of: answers) - 2.0 / 3) < 1e-15)
        #expect(MaskedPerplexity.isLowerBetter && !MaskedPerplexity.isShare)
        let none = TokenAnswers(predicted: [[]], gold: [[]], losses: [0])
        #expect(MaskedPerplexity.value(of: none).isNaN && MaskedAccuracy.value(of: none).isNaN)
    }

    @Test func answersComeBackFromTheirBytes() throws {
        #expect(TokenAnswers(bytes: answers.bytes) == answers)
        #expect(AnswerForms.answers(AnswerForms.text(answers)) as? TokenAnswers == answers)
        for count in 0..<answers.bytes.count { #expect(TokenAnswers(bytes: Array(answers.bytes[..<count])) == nil) }
    }

    /// Alone, texts may as well lack their labels, so that the kind must be said.
    @Test func theKindIsNotInferred() {
        #expect(TaskKinds.standard.kind(ofColumns: ["text"]) == nil)
        #expect(TaskKinds.standard["masked-language-modeling"] != nil)
    }
}

/// Plain text, a row in each line.
@Suite struct TextLinesReaderTests {
    private func rows(_ text: String, limit: Int? = nil) throws -> RowTable {
        try TextLinesReader.read(Array(text.utf8), file: "train.txt", limit: limit)
    }

    @Test func linesWithContentAreRows() throws {
        let table = try rows("\u{FEFF}a\tb\r\n\r\n \t\n  c \nlast")
        #expect(table.rows.map(\.line) == [1, 4, 5])
        #expect(table.rows.map { $0.values["text"] } == [.string("a\tb"), .string("  c "), .string("last")])
        #expect(table.skippedLines == 2 && table.columns == ["text"])
        #expect(try rows("a\nb\nc\n", limit: 2).rows.count == 2)
        #expect(try rows("").rows.isEmpty)
    }

    @Test func otherEncodingsNameTheLine() throws {
        #expect(throws: TaskError.notUTF8(file: "train.txt", line: 2)) {
            _ = try TextLinesReader.read([0x61, 0x0A, 0xC3, 0x28, 0x0A], file: "train.txt", limit: nil)
        }
    }

    /// A task of plain files, end to end.
    @Test func aTaskOfPlainText() throws {
        let scratch = try ScratchFolder()
        _ = try scratch.write("texts/train.txt", "one text\n\nanother\n")
        _ = try scratch.write("texts/test.txt", "a third\n")
        _ = try scratch.write("t.yaml", "kind: masked-language-modeling\ndata: texts\n")
        let data = try TaskData.load(TaskDefinition.load(scratch.url.appendingPathComponent("t.yaml")))
        #expect(data.train.map(\.text) == ["one text", "another"] && data.train.map(\.line) == [1, 3])
        #expect(data.test.map(\.text) == ["a third"] && data.labels.isEmpty && data.train.allSatisfy(\.isScored))
    }
}
