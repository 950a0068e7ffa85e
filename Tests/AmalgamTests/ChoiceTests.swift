import Amalgam
import Foundation
import Testing

/// Sets of labels and choices from Swift, with examples in memory.
@Suite struct ChoiceTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    @Test func labelSets() async throws {
        let model = try fixture.model()
        func examples(_ count: Int) -> [LabelSetExample] {
            (0..<count).map { i in
                LabelSetExample(
                    "a \(i % 2 == 0 ? "x" : "b") \(i % 3 == 0 ? "z" : "c")",
                    labels: (i % 2 == 0 ? ["X"] : []) + (i % 3 == 0 ? ["Z"] : []))
            }
        }
        let task = try TextTask.multiLabel(name: "moods", train: examples(24), dev: examples(24), test: examples(12))
        #expect(task.kind == .multiLabel)
        let summary = try task.summary()
        #expect(summary.labels == ["X", "Z"] && summary.metric == "micro_f1")
        let bundle = try await model.train(.adapter(), on: task, options: Fixture.options).result.bundle
        guard case .labelSets(let labels, let thresholds) = bundle.heads[0].output else {
            Issue.record("\(bundle.heads[0].output)")
            return
        }
        #expect(labels == ["X", "Z"] && thresholds.allSatisfy { (0...1).contains($0) })

        // The bundle on disk has the same thresholds
        let file = fixture.url("moods.h5")
        try bundle.write(to: file)
        let predictor = try Predictor(model, AdapterBundle(contentsOf: file))
        #expect(predictor.head.output == bundle.heads[0].output && predictor.labels == ["X", "Z"])
        for prediction in try await predictor.labelSets(of: ["a x z", "a b c", ""]) {
            #expect(prediction.labels == ["X", "Z"] && prediction.probabilities.allSatisfy { (0...1).contains($0) })
            let reached = zip(prediction.probabilities, thresholds).map { $0 >= $1 }
            #expect(prediction.chosen == zip(labels, reached).filter(\.1).map(\.0))
            #expect(prediction["X"] == prediction.probabilities[0] && prediction["Y"] == nil)
        }
        let evaluation = try await predictor.evaluate(on: task)
        #expect(evaluation.kind == .multiLabel && evaluation.metric == "micro_f1" && evaluation.confusion == nil)
        #expect(evaluation.classes.map(\.label) == ["X", "Z"] && evaluation["subset_accuracy"] != nil)
        for wrong in [
            await AmalgamError.thrown { _ = try await predictor.classes(of: ["a"]) },
            await AmalgamError.thrown { _ = try await predictor.labelSets(ofPairs: [("a", "b")]) },
        ] { #expect(wrong?.kind == .head, "\(wrong as Any)") }
        let pairs = try TextTask.multiLabel(
            name: "pairs", train: (0..<8).map { LabelSetExample("a", "b", labels: $0 % 2 == 0 ? ["X"] : []) })
        let bare = try await model.train(.head, on: pairs, options: Fixture.options).result.bundle
        #expect(bare.heads[0].output == .labelSets(["X"], thresholds: [0.5]), "without dev nothing is chosen")
        #expect(try await Predictor(model, bare).labelSets(ofPairs: [("a", "b")]).count == 1)
    }

    @Test func choices() async throws {
        let model = try fixture.model(threads: 2)
        func examples(_ count: Int) -> [ChoiceExample] {
            (0..<count).map { i in
                ChoiceExample(
                    "a b", choices: i % 2 == 0 ? ["x", "z"] : ["z", "c", "x"], answer: i % 2 == 0 ? 0 : 2,
                    context: i % 3 == 0 ? "m n" : nil)
            }
        }
        let task = try TextTask.multipleChoice(
            name: "quiz", train: examples(16), dev: examples(8), test: examples(12))
        #expect(task.kind == .multipleChoice)
        let bundle = try await model.train(.adapter(), on: task, options: Fixture.options).result.bundle
        #expect(bundle.heads[0].output == .choices && bundle.heads[0].kind == "multiple_choice")
        let predictor = try Predictor(model, bundle)
        let questions = [
            ChoiceQuestion("a b", choices: ["x", "z"]),
            ChoiceQuestion("a b", choices: ["z", "c", "x", "m"], context: "m n"),
            ChoiceQuestion("", choices: ["", ""]),
        ]
        let together = try await predictor.choices(of: questions)
        #expect(together.map(\.probabilities.count) == [2, 4, 2])
        #expect(together.allSatisfy { abs($0.probabilities.reduce(0, +) - 1) < 1e-6 && $0.probability >= 0.25 })
        #expect(together[2].answer == 0 && together[2].probabilities[0] == together[2].probabilities[1])
        // Each question by itself
        for (question, expected) in zip(questions, together) {
            #expect(try await predictor.choices(of: [question]) == [expected])
        }
        // The order of choices moves their probabilities along
        let turned = try await predictor.choices(of: [ChoiceQuestion("a b", choices: ["z", "x"])])
        for (a, b) in zip(turned[0].probabilities, together[0].probabilities.reversed()) { #expect(abs(a - b) < 1e-6) }

        let evaluation = try await predictor.evaluate(on: task)
        #expect(evaluation.metric == "accuracy" && evaluation.scores.map(\.name) == ["accuracy"])
        #expect(evaluation.examples == 12 && evaluation.classes.isEmpty && evaluation.confusion == nil)
        let few = await AmalgamError.thrown {
            _ = try await predictor.choices(of: [ChoiceQuestion("a", choices: ["b"])])
        }
        #expect(few?.kind == .option && few?.description.contains("found 1 choice, expected two or more") == true)
        let other = await AmalgamError.thrown { _ = try await predictor.labelSets(of: ["a"]) }
        #expect(other?.kind == .head, "\(other as Any)")
        let classes = try await Predictor(model, fixture.adapter())
        #expect(await AmalgamError.thrown { _ = try await classes.choices(of: questions) }?.kind == .head)
        let wrong = await AmalgamError.thrown {
            _ = try TextTask.multipleChoice(name: "q", train: [ChoiceExample("a", choices: ["b", "c"], answer: 2)])
                .summary()
        }
        #expect(
            wrong?.description.contains("'answer' is 2; expected a position from 0 to 1") == true, "\(wrong as Any)")
    }
}
