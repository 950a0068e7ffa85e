import Foundation
import Testing

@testable import Tasks

struct MultipleChoiceTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    private func load(_ train: String, dev: String? = nil, file: String = "jsonl") throws -> TaskData {
        try scratch.write("d/train.\(file)", train)
        if let dev { try scratch.write("d/dev.\(file)", dev) }
        return try TaskData.load(try TaskDefinition.load(scratch.url.appendingPathComponent("d")))
    }

    private func message(_ row: String, file: String = "jsonl") -> String {
        scratch.message { _ = try load(row, file: file) }
    }

    @Test func readsQuestionsWithAnyNumberOfChoices() throws {
        let data = try load(
            """
            {"question": "q", "choices": ["a", "b"], "answer": 1}
            {"question": "q", "choices": ["a", "b", "c", "d", "e"], "answer": "E", "context": "t", "asks": "cause"}
            {"question": "q", "choices": ["left", "right"], "answer": "left", "context": "", "asks": null}
            """)
        #expect(data.definition.kind == "multiple-choice" && data.definition.metric == "accuracy")
        #expect(data.labels.isEmpty)
        let questions = data.train.compactMap(\.choices)
        #expect(questions[0] == Choices(question: "q", choices: ["a", "b"], answer: 1))
        #expect(
            questions[1] == Choices(question: "q cause", context: "t", choices: ["a", "b", "c", "d", "e"], answer: 4))
        #expect(questions[2] == Choices(question: "q", choices: ["left", "right"], answer: 0))
        #expect(data.train[1].text == "q cause" && data.train[1].pair == nil && data.train[1].isScored)
    }

    /// With a context, the question stands before the choice.
    @Test func sequences() {
        func texts(_ choices: Choices) -> [String] { choices.sequences.map { "\($0.text)|\($0.pair)" } }
        #expect(texts(Choices(question: "q", choices: ["a", "b"])) == ["q|a", "q|b"])
        #expect(texts(Choices(question: "q", context: "t", choices: ["a", "b"])) == ["t|q a", "t|q b"])
    }

    /// MMLU's files: no header, a column for each choice, a letter.
    @Test func readsColumnsOfChoices() throws {
        try scratch.write("dev.csv", "How many?,0,4,2,6,B\n\"x, or y?\",x,y,,,A\n")
        try scratch.write(
            "t.yaml",
            """
            kind: multiple-choice
            data: {dev: dev.csv}
            header: [question, A, B, C, D, answer]
            fields: {choice_1: A, choice_2: B, choice_3: C, choice_4: D}
            """)
        let data = try TaskData.load(try TaskDefinition.load(scratch.url.appendingPathComponent("t.yaml")))
        #expect(
            data.dev.map(\.choices) == [
                Choices(question: "How many?", choices: ["0", "4", "2", "6"], answer: 1),
                Choices(question: "x, or y?", choices: ["x", "y"], answer: 0),
            ])
        let folder = try load("question,choice_1,choice_2,answer\nq,a,b,1\n", file: "csv")
        #expect(folder.definition.kind == "multiple-choice" && folder.train[0].choices?.answer == 1)
        let list = try MultipleChoiceTests().load(
            "question\tchoices\tanswer\nq\t\"[\"\"a b\"\", \"\"c\"\"]\"\tc\n", file: "tsv")
        #expect(list.train[0].choices == Choices(question: "q", choices: ["a b", "c"], answer: 1))
    }

    @Test func refusesRowsThatDoNotFit() {
        let list = "a list of two or more strings"
        #expect(
            message(#"{"question": "q", "choices": ["a"], "answer": 0}"#)
                == "d/train.jsonl:1: 'choices' is a list of 1 string; expected \(list)")
        #expect(
            message(#"{"question": "q", "choices": ["a", 2], "answer": 0}"#)
                == "d/train.jsonl:1: 'choices' is a list with an integer; expected \(list)")
        #expect(
            message(#"{"question": "q", "choices": "a b", "answer": 0}"#)
                == "d/train.jsonl:1: 'choices' is 'a b'; expected \(list), in a table as JSON, or a column for each choice "
                + "(choice_1, choice_2)")
        #expect(
            message(#"{"question": ["q"], "choices": ["a", "b"], "answer": 0}"#)
                == "d/train.jsonl:1: 'question' is a list; expected a string")
        #expect(
            message(#"{"question": "q", "context": 3, "choices": ["a", "b"], "answer": 0}"#)
                == "d/train.jsonl:1: 'context' is an integer; expected a string")
        #expect(
            message(#"{"question": "q", "choice_1": "a", "choice_2": "b", "choice_4": "c", "answer": 0}"#)
                == "d/train.jsonl:1: 'choice_4' is 'c' after 'choice_3', which is missing or empty; expected choices without "
                + "a gap")
    }

    @Test func refusesAnswersThatMeanNoChoiceOrTwo() {
        func message(_ answer: String, _ choices: String = #"["a", "b", "c"]"#) -> String {
            self.message(#"{"question": "q", "choices": \#(choices), "answer": \#(answer)}"#)
        }
        let expected = "expected a position from 0 to 2, a letter from A to C, or the text of one choice"
        #expect(message("3") == "d/train.jsonl:1: 'answer' is 3; \(expected)")
        #expect(message("-2") == "d/train.jsonl:1: 'answer' is -2; \(expected)")
        #expect(message("1.5") == "d/train.jsonl:1: 'answer' is a number; \(expected)")
        #expect(message("true") == "d/train.jsonl:1: 'answer' is a boolean; \(expected)")
        #expect(message("\"D\"") == "d/train.jsonl:1: 'answer' is 'D'; \(expected)")
        #expect(message("\"x\"") == "d/train.jsonl:1: 'answer' is 'x'; \(expected)")
        let twice = "expected one meaning; in JSON, write the position as a number"
        #expect(
            message("\"1\"", #"["0", "2", "1"]"#)
                == "d/train.jsonl:1: 'answer' is '1', which could be choice 1 or choice 2 (counted from 0); \(twice)")
        #expect(
            message("\"a\"", #"["a", "b", "a"]"#)
                == "d/train.jsonl:1: 'answer' is 'a', which could be choice 0 or choice 2 (counted from 0); \(twice)")
        #expect(message("\"A\"", #"["B", "A"]"#).contains("could be choice 0 or choice 1"))
    }

    @Test func rowsWithoutAnAnswerAreSkipped() throws {
        let choices = #""question": "q", "choices": ["a", "b"]"#
        let data = try load(
            """
            {\(choices), "answer": 1}
            {\(choices), "answer": null}
            {\(choices)}
            {\(choices), "answer": ""}
            {\(choices), "answer": -1}
            """, dev: "{\(choices), \"answer\": -1}")
        #expect(data.train.count == 1)
        #expect(data.skipped[.train]?.map(\.reason) == [.nullLabel, .missingLabel, .emptyLabel, .missingLabel])
        #expect(data.unscorable[.dev] == "its one row has no label (1 with no label)")
        #expect(
            message("{\(choices), \"answer\": -1}")
                == "d/train.jsonl:1: 'answer' is -1, which stands for an answer that is kept back; fill it in, or delete the row"
        )
    }

    @Test func contentDecidesTheBytes() {
        let base = Choices(question: "q", choices: ["ab", "c"], answer: 1)
        let others = [
            Choices(question: "q", choices: ["a", "bc"], answer: 1),
            Choices(question: "q", choices: ["ab", "c"], answer: 0),
            Choices(question: "q", choices: ["ab", "c"]),
            Choices(question: "q", context: "t", choices: ["ab", "c"], answer: 1),
            Choices(question: "q", choices: ["ab", "c", ""], answer: 1),
        ]
        for other in others { #expect(other.canonicalBytes != base.canonicalBytes) }
    }

    @Test func baselines() throws {
        let data = try load(
            """
            {"question": "the red fox", "choices": ["a blue bird", "the fox", "red"], "answer": 2}
            {"question": "green grass", "choices": ["sky", "green"], "answer": 1}
            {"question": "sun", "context": "the moon", "choices": ["moon", "x", "y"], "answer": 2}
            """)
        var all = data
        all.test = data.train
        let constant = try #require(FrequentPosition.answers(all, metric: Accuracy.self) as? ChoiceAnswers)
        #expect(constant.predicted == [2, 1, 2] && constant.gold == [2, 1, 2] && constant.choices == [3, 2, 3])
        let classic = try #require(TFIDFChoice.answers(all, metric: Accuracy.self) as? ChoiceAnswers)
        #expect(classic.predicted == [1, 1, 0])
        #expect(Accuracy.value(ofAny: classic) == 1.0 / 3)
    }

    /// Accuracy alone means something: a position is no label.
    @Test func metrics() {
        let answers = ChoiceAnswers(predicted: [0, 1, 3], gold: [0, 2, 3], choices: [2, 3, 4])
        #expect(Metrics.standard.fitting(answers).map { $0.name } == ["accuracy"])
        #expect(MacroF1.value(ofAny: answers).isNaN && Matthews.value(ofAny: answers).isNaN)
        #expect(AnswerForms.answers(AnswerForms.text(answers)) as? ChoiceAnswers == answers)
        #expect(ChoiceAnswers(bytes: ChoiceAnswers(predicted: [0], gold: [1], choices: [1]).bytes) == nil)
    }

    /// The fields of a record to predict; an answer in it is not read.
    @Test func recordsToPredict() throws {
        let input = try #require(try PredictionInput.named(kind: "multiple-choice", columns: nil))
        func record(_ fields: [(String, FieldValue)]) -> Record {
            Record(line: 7, fields: fields.map { Record.Field($0.0, $0.1, json: "") })
        }
        let choices = FieldValue.list([.string("a"), .string("b")])
        let example = try input.example(
            record([("question", .string("q")), ("choices", choices), ("answer", .integer(9))]), id: 3, file: "f")
        #expect(example.choices == Choices(question: "q", choices: ["a", "b"]) && example.line == 7 && example.id == 3)
        #expect(
            scratch.message { _ = try input.example(record([("text", .string("q"))]), id: 0, file: "f") }
                == "f:7: no 'question' (found 'text'); add it; the head reads the fields of its kind of task")
        #expect(
            scratch.message { _ = try PredictionInput.named(kind: "multiple-choice", columns: "a,b") }
                == "--text-column: columns is 'a,b'; expected no such option, because the head reads the fields of "
                + "multiple-choice, such as question; rename the fields")
    }
}
