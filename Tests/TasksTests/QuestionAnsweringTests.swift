import Foundation
import Testing

@testable import Tasks

struct QuestionAnsweringTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    private func load(
        _ train: String, file: String = "jsonl", unknownLabels: UnknownLabels = .count
    ) throws -> TaskData {
        try scratch.write("d/train.\(file)", train)
        let definition = try TaskDefinition.load(scratch.url.appendingPathComponent("d"))
        return try TaskData.load(definition, unknownLabels: unknownLabels)
    }

    private func row(_ answers: String, context: String = "Ana lives in Oslo.") -> String {
        "{\"context\": \"\(context)\", \"question\": \"Where?\", \"answers\": \(answers)}"
    }

    @Test func readsAnswers() throws {
        let data = try load(
            [
                row(#"[{"text": "Oslo", "start": 13}, {"text": "in Oslo", "start": 10, "by": "x"}]"#), row("[]"),
                row("null"),
            ].joined(separator: "\n"))
        #expect(data.definition.kind == "question-answering")
        #expect(data.definition.metric == "qa_f1")
        #expect(data.labels.isEmpty)
        #expect(data.train.map(\.text) == ["Where?", "Where?"])
        #expect(data.train.map(\.pair) == ["Ana lives in Oslo.", "Ana lives in Oslo."])
        let spans = data.train.map { $0.answerSpans?.spans }
        #expect(spans == [[.init(text: "Oslo", start: 13), .init(text: "in Oslo", start: 10)], []])
        #expect(data.train[0].answerSpans?.spans?[0].range == 13..<17)
        #expect(data.skipped[.train]?.map(\.reason) == [.nullLabel])
    }

    @Test func cellsHoldJSON() throws {
        let table =
            "context,question,answers\nin Oslo,Where?,\"[{\"\"text\"\": \"\"Oslo\"\", \"\"start\"\": 3}]\"\nx,y,[]\nx,y,\n"
        let data = try load(table, file: "csv")
        #expect(data.train.map { $0.answerSpans?.spans } == [[.init(text: "Oslo", start: 3)], []])
        #expect(data.skipped[.train]?.map(\.reason) == [.emptyLabel])
    }

    /// A start counts code points: not the characters that Swift sees, nor bytes, nor UTF-16.
    @Test func startsAreCodePoints() throws {
        let context = "👩‍👩‍👧 🇳🇴 e\u{301}: Ωslo"
        let start = context.unicodeScalars.count - 4
        let data = try load(row("[{\"text\": \"Ωslo\", \"start\": \(start)}]", context: context))
        #expect(data.train[0].answerSpans?.spans?.first?.start == start)
        // U+2126 is canonically equal to Ω, and is not the same text
        let other = scratch.message {
            _ = try load(row("[{\"text\": \"\u{2126}slo\", \"start\": \(start)}]", context: context))
        }
        #expect(other.contains("the context does not contain it"))
    }

    @Test func refusesAnswersElsewhere() throws {
        func message(_ answers: String) -> String { scratch.message { _ = try load(row(answers)) } }
        #expect(
            message(#"[{"text": "Oslo", "start": 12}]"#)
                == "d/train.jsonl:1: 'answers' has 'Oslo' at 12, in code points; found ' Osl' there; set start to 13, or "
                + "add --skip-unknown-labels to skip such rows")
        #expect(
            message(#"[{"text": "Rome", "start": 18}]"#)
                == "d/train.jsonl:1: 'answers' has 'Rome' at 18, in code points; found the end: the context has 18 code "
                + "points; the context does not contain it; correct the text, or add --skip-unknown-labels to skip such rows"
        )
        #expect(message(#"[{"text": "Oslo", "start": -4}]"#).contains("set start to 13"))
        #expect(message(#"[{"text": "Oslo.", "start": 14}]"#).contains("found 'slo.' there; set start to 13"))
        #expect(
            message(#"[{"text": "Oslo", "start": 9223372036854775807}]"#).contains("set start to 13"))
    }

    @Test func skipsAnswersElsewhereOnRequest() throws {
        let rows = [row(#"[{"text": "Oslo", "start": 13}]"#), row(#"[{"text": "Oslo", "start": 0}]"#)]
            .joined(separator: "\n")
        let data = try load(rows, unknownLabels: .skip)
        #expect(data.train.count == 1)
        #expect(data.skipped[.train] == [SkippedRow(line: 2, reason: .misplacedAnswer)])
        for policy in [UnknownLabels.count, .refuse] {
            #expect(throws: TaskError.self) { try load(rows, unknownLabels: policy) }
        }
    }

    @Test func refusesOtherValues() {
        func message(_ answers: String) -> String { scratch.message { _ = try load(row(answers)) } }
        let expected =
            "expected a list such as [{\"text\": \"Paris\", \"start\": 10}], or [] where the context has no answer"
        let place = "d/train.jsonl:1: 'answers' is"
        #expect(message("\"Oslo\"") == "\(place) 'Oslo'; \(expected)")
        #expect(message("[\"Oslo\"]") == "\(place) a list with a string; \(expected)")
        #expect(message("{\"text\": \"Oslo\"}") == "\(place) an object; \(expected)")
        #expect(message("[{\"text\": \"Oslo\"}]") == "\(place) a list without 'start'; \(expected)")
        #expect(message("[{\"start\": 1}]") == "\(place) a list without 'text'; \(expected)")
        #expect(
            message("[{\"text\": \"Oslo\", \"start\": \"13\"}]")
                == "\(place) a list with a string under 'start'; \(expected)")
        #expect(
            message("[{\"text\": \"\", \"start\": 0}]")
                == "\(place) a list with an empty text; expected [] where the context has no answer")
    }

    /// Rows to predict have no answers.
    @Test func answersAreOptionalInPrediction() throws {
        try scratch.write("d/train.jsonl", row("[]"))
        try scratch.write("d/test.jsonl", #"{"context": "c", "question": "q"}"#)
        let definition = try TaskDefinition.load(scratch.url.appendingPathComponent("d"))
        let data = try TaskData.load(definition, splits: [.test], needsTargets: false)
        #expect(data.test.map { $0.answerSpans?.spans } == [nil])
        #expect(data.test.map(\.isScored) == [false])
        #expect(try TaskData.load(definition).unscorable[.test] != nil)
    }

    @Test func contentDecidesTheBytes() {
        let base = AnswerSpans(spans: [.init(text: "ab", start: 1)])
        let others = [
            AnswerSpans(), AnswerSpans(spans: []), AnswerSpans(spans: [.init(text: "ab", start: 2)]),
            AnswerSpans(spans: [.init(text: "a", start: 1), .init(text: "b", start: 1)]),
        ]
        for other in others { #expect(other.canonicalBytes != base.canonicalBytes) }
        #expect(Set((others + [base]).map(\.canonicalBytes)).count == 5)
    }

    @Test func labelsAreRefused() {
        #expect(
            scratch.message {
                _ = try TaskDefinition.parse(
                    yaml: "kind: question-answering\ndata: {train: a.json}\nlabels: [x, y]\n", file: "t.yaml",
                    folder: scratch.url)
            }.hasSuffix("expected no labels, because the answers of question-answering are no labels"))
    }
}

/// SQuAD's JSON.
struct SQuADArticlesTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    private static let sample = """
        {"version": "v2.0", "data": [{"title": "T", "paragraphs": [{"qas": [
        {"question": "Where?", "id": "q1", "answers": [{"text": "Oslo", "answer_start": 13}], "is_impossible": false},
        {"question": "When?", "id": "q2", "answers": [], "is_impossible": true,
        "plausible_answers": [{"text": "x", "answer_start": 99}]}], "context": "Ana lives in Oslo."}]},
        {"title": "U", "paragraphs": [{"context": "c", "qas": []}, {"context": "d e", "qas": [
        {"question": "What?", "id": "q3", "answers": [{"text": "e", "answer_start": 2}]}]}]}]}
        """

    private func load(_ text: String) throws -> TaskData {
        try scratch.write("d/train.json", text)
        return try TaskData.load(try TaskDefinition.load(scratch.url.appendingPathComponent("d")))
    }

    @Test func readsBothVersions() throws {
        let data = try load(Self.sample)
        #expect(data.definition.kind == "question-answering")
        #expect(data.train.map(\.text) == ["Where?", "When?", "What?"])
        #expect(data.train.map(\.pair) == ["Ana lives in Oslo.", "Ana lives in Oslo.", "d e"])
        #expect(
            data.train.map { $0.answerSpans?.spans } == [
                [.init(text: "Oslo", start: 13)], [], [.init(text: "e", start: 2)],
            ])
        #expect(data.train.map(\.line) == [2, 3, 6])
        #expect(data.train.map(\.element) == [0, 0, 1])
    }

    @Test func rowsHaveIDsAndTitles() throws {
        let table = try JSONArrayReader.read(Array(Self.sample.utf8), file: "f", limit: nil)
        #expect(table.rows.map { $0.values["id"] } == [.string("q1"), .string("q2"), .string("q3")])
        #expect(table.rows.map { $0.values["title"] } == [.string("T"), .string("T"), .string("U")])
        #expect(table.rows.map(\.path) == [".paragraphs[0].qas[0]", ".paragraphs[0].qas[1]", ".paragraphs[1].qas[0]"])
        for limit in 1...3 {
            #expect(try JSONArrayReader.read(Array(Self.sample.utf8), file: "f", limit: limit).rows.count == limit)
        }
    }

    @Test func messagesNameThePlace() {
        func message(_ old: String, _ new: String) -> String {
            scratch.message { _ = try load(Self.sample.replacing(old, with: new)) }
        }
        #expect(
            message("\"answer_start\": 13", "\"answer_start\": 3")
                .hasPrefix("d/train.json[0].paragraphs[0].qas[0]:2: 'answers' has 'Oslo' at 3"))
        #expect(
            message("\"is_impossible\": false", "\"is_impossible\": true")
                == "d/train.json[0].paragraphs[0].qas[0]:2: is_impossible is true, and answers has 1 answer; expected no "
                + "answers, or is_impossible: false")
        #expect(
            message("\"context\": \"c\", ", "").hasPrefix("d/train.json[1].paragraphs[0]:5: no 'context'; expected"))
        #expect(message("\"context\": \"c\", ", "\"context\": 7, ").hasPrefix("no error"))
        #expect(
            message("\"context\": \"d e\", ", "\"context\": 7, ")
                .hasPrefix("d/train.json[1].paragraphs[1].qas[0]:6: 'context' is an integer"))
        #expect(
            message("\"paragraphs\": [{\"context\": \"c\"", "\"p\": [{\"context\": \"c\"").contains(
                "[1]:5: no 'paragraphs'"))
        #expect(message("\"id\": \"q3\", ", "\"id\": q3, ").contains(":6: not valid JSON"))
        #expect(message("\"answers\": [], ", "").hasPrefix("no error"))
        #expect(message("\"title\": \"U\"", "\"title\": \"U\", \"title\": \"V\"").contains("'title' appears twice"))
    }

    /// One context in memory for all questions of a paragraph: a file is read in memory of its own size.
    @Test func contextsAreShared() throws {
        let context = String(repeating: "long text ", count: 1000)
        let qas = (0..<200).map { "{\"question\": \"q\($0)\", \"id\": \"\($0)\", \"answers\": []}" }
        let text =
            "{\"data\": [{\"paragraphs\": [{\"context\": \"\(context)\", \"qas\": [\(qas.joined(separator: ","))]}]}]}"
        let rows = try JSONArrayReader.read(Array(text.utf8), file: "f", limit: nil).rows
        #expect(rows.count == 200)
        let places = Set(
            rows.compactMap { row -> UnsafePointer<UInt8>? in
                guard case .string(var text)? = row.values["context"] else { return nil }
                return text.withUTF8 { $0.baseAddress }
            })
        #expect(places.count == 1)
    }
}
