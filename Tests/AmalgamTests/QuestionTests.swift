import Amalgam
import Foundation
import Testing

/// Questions about contexts from programs.
@Suite struct QuestionTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    /// The answer is x; every third context has none.
    private static func examples(_ count: Int, shift: Int = 0) -> [QuestionExample] {
        (0..<count).map { i in
            let place = (i + shift) % 5
            var words = ["a", "b", "c", "d", "e"]
            guard i % 3 != 0 else { return QuestionExample("q", context: words.joined(separator: " "), answers: []) }
            words[place] = "x"
            return QuestionExample("q", context: words.joined(separator: " "), answers: [.init("x", start: 2 * place)])
        }
    }

    private static func task() throws -> TextTask {
        try .questionAnswering(
            name: "questions", train: examples(48), dev: examples(15, shift: 1), test: examples(15, shift: 2))
    }

    @Test func trainedPredictedAndScored() async throws {
        let model = try fixture.model()
        let task = try Self.task()
        #expect(task.kind == .questionAnswering)
        #expect(try task.summary().metric == "qa_f1")
        var options = Fixture.options
        options.epochs = 6
        options.learningRate = 1e-2
        let result = try await model.train(.adapter(.bottleneck), on: task, options: options).result
        let head = try #require(result.bundle.heads.first)
        #expect(head.kind == "span" && head.output == .answers(hasNone: true) && head.pooling == nil)
        #expect(head.labels.isEmpty && head.taskKind == .questionAnswering)

        let predictor = try Predictor(model, result.bundle)
        let context = "a ü x b"
        let found = try await predictor.answers(to: [("q", context), ("q", "a b c"), ("q", "")])
        #expect(found.count == 3)
        for (answer, context) in zip(found, [context, "a b c", ""]) {
            for candidate in answer.candidates where candidate.start != nil {
                let scalars = Array(context.unicodeScalars)
                let start = candidate.start ?? 0
                var text = ""
                text.unicodeScalars.append(contentsOf: scalars[start..<start + candidate.text.unicodeScalars.count])
                #expect(candidate.text == text)
            }
            #expect(abs(answer.candidates.reduce(0) { $0 + $1.probability } - 1) < 1e-5)
            #expect(answer.candidates.count { $0.start == nil } == 1)
        }
        #expect(found[0].text == "x" && found[0].answer.start == 4, "\(found[0].answer)")
        #expect(found[2].answer == found[2].candidates[0] && found[2].text.isEmpty)

        let scores = try await predictor.evaluate(on: task)
        #expect(scores.metric == "qa_f1" && scores["exact_match"] != nil)
        #expect(scores.score.value > 0.6, "\(scores.scores)")
        let error = await AmalgamError.thrown { _ = try await predictor.classes(of: ["a"]) }
        #expect(error?.kind == .head && error?.description.contains("predicts answers, not classes") == true)
    }

    /// The same examples in a file, through a stored bundle, give the same bytes and answers.
    @Test func filesAndMemoryAgree() async throws {
        let model = try fixture.model()
        func rows(_ examples: [QuestionExample]) -> [String] {
            examples.map { example in
                let answers = example.answers.map { "{\"text\": \"\($0.text)\", \"start\": \($0.start)}" }
                return "{\"context\": \"\(example.context)\", \"question\": \"\(example.question)\", \"answers\": "
                    + "[\(answers.joined(separator: ","))]}"
            }
        }
        try fixture.write("questions/train.jsonl", rows(Self.examples(48)))
        try fixture.write("questions/dev.jsonl", rows(Self.examples(15, shift: 1)))
        let stored = try TextTask(contentsOf: fixture.url("questions"))
        let memory = try TextTask.questionAnswering(
            name: "questions", train: Self.examples(48), dev: Self.examples(15, shift: 1))
        let bundles = try await [stored, memory].asyncMap { task in
            try await model.train(.head, on: task, options: Fixture.options).result.bundle
        }
        #expect(try bundles[0].data() == bundles[1].data())
        let url = fixture.url("q.h5")
        try bundles[0].data().write(to: url)
        let read = try AdapterBundle(contentsOf: url)
        let questions = [(question: "q", context: "a x b")]
        let answers = try await Predictor(model, read).answers(to: questions)
        #expect(try await Predictor(model, bundles[1]).answers(to: questions) == answers)
        let again = try read.data()
        #expect(try bundles[0].data() == again)
    }

    /// An answer that is not at its start names the example.
    @Test func wrongStarts() async throws {
        let task = try TextTask.questionAnswering(
            name: "q", train: [QuestionExample("q", context: "a b", answers: [.init("b", start: 1)])])
        let error = await AmalgamError.thrown { _ = try task.summary() }
        #expect(error?.kind == .invalidContent && error?.line == 1 && error?.field == "answers")
        #expect(error?.description.contains("--") == false && error?.fix?.contains("unknownLabels") == true)
    }

    @Test func headsAreNotProbed() async throws {
        let model = try fixture.model()
        let task = try Self.task()
        let error = await AmalgamError.thrown {
            _ = try await model.train(.linearProbe, on: task, options: Fixture.options).result
        }
        #expect(error != nil, "a linear probe of questions")
    }
}

extension Array {
    fileprivate func asyncMap<Result>(_ body: (Element) async throws -> Result) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await body(element)) }
        return results
    }
}
