import Amalgam
import Foundation
import Testing

/// Predictors: forms of answers, scores, use from several tasks.
@Suite struct PredictorTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    @Test func predictorsAreUsedFromManyTasks() async throws {
        let bundle = try await fixture.adapter()
        let model = try fixture.model(threads: 2)
        let (first, second) = (try Predictor(model, bundle), try Predictor(model, bundle))
        let texts = (0..<40).map { "a \($0 % 2 == 0 ? "x" : "z") \("bcdefgh".prefix(1 + $0 % 7))" }
        var alone: [ClassPrediction] = []
        for text in texts { alone += try await first.classes(of: [text]) }
        let expected = alone
        try await withThrowingTaskGroup(of: [ClassPrediction].self) { group in
            for i in 0..<12 {
                group.addTask { try await (i % 2 == 0 ? first : second).classes(of: texts) }
            }
            for try await found in group { #expect(found == expected) }
        }
        let one = expected[0]
        #expect(one.labels == ["a", "b"] && abs(one.probabilities.reduce(0, +) - 1) < 1e-5)
        #expect(one[one.label] == one.probability && one["c"] == nil && one.top(5).count == 2)
        #expect(try await first.classes(of: []).isEmpty)
    }

    @Test func trainingAndPredictingAtTheSameTime() async throws {
        let model = try fixture.model()
        let bundle = try await fixture.adapter()
        let predictor = try Predictor(model, bundle)
        let before = try await predictor.classes(of: ["a x", "b z"])
        let job = model.train(.adapter(.lora), on: try Fixture.task(), options: Fixture.options)
        for _ in 0..<20 { #expect(try await predictor.classes(of: ["a x", "b z"]) == before) }
        #expect(try await job.result.bundle.data() == (fixture.adapter("game", .lora)).data())
    }

    @Test func aCancelledCallThrows() async throws {
        let predictor = try await Predictor(fixture.model(), fixture.adapter())
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await predictor.classes(of: ["a"])
        }
        await #expect(throws: CancellationError.self) { _ = try await task.value }
    }

    /// With all adapters dropped, the head reads the bare model.
    @Test func adaptersAreDropped() async throws {
        var training = Fixture.options
        training.learningRate = 1e-2
        let (model, bundle) = (try fixture.model(), try await fixture.adapter(options: training))
        func classes(_ layers: Int) async throws -> [ClassPrediction] {
            var options = PredictorOptions()
            options.droppedLayers = layers
            return try await Predictor(model, bundle, options: options).classes(of: ["a x", "b z"])
        }
        let all = try await classes(0)
        #expect(try await all == Predictor(model, bundle).classes(of: ["a x", "b z"]))
        let (one, three) = (try await classes(1), try await classes(3))
        #expect(one != all && three != all && three != one)
        let error = await AmalgamError.thrown { _ = try await classes(4) }
        #expect(error?.kind == .option && error?.field == "droppedLayers")
    }

    @Test func eachFormOfAnswers() async throws {
        let model = try fixture.model()
        func predictor(_ task: TextTask) async throws -> Predictor {
            try await Predictor(model, model.train(.head, on: task, options: Fixture.options).result.bundle)
        }
        let tags = try await predictor(
            .tagging(
                name: "t",
                train: (0..<8).map { TaggingExample(["a", "\($0 % 2 == 0 ? "x" : "z")"], tags: ["O", "B-T"]) }))
        #expect(
            try await tags.tags(of: [["a", "b", "c"], ["x"]]).map(\.count) == [3, 1] && tags.labels == ["B-T", "O"])
        let parsing = try await predictor(
            .parsing(
                name: "d",
                train: (0..<8).map { _ in
                    ParsingExample(["a", "x"], arcs: [.init(head: 2, label: "s"), .init(head: 0, label: "r")])
                }))
        #expect(parsing.head.output == .trees(["r", "s"]) && parsing.head.taskKind == .parsing)
        let trees = try await parsing.trees(of: [["a", "b", "c"], ["x"], []])
        #expect(trees.map(\.count) == [3, 1, 0] && trees[1][0].head == 0)
        #expect(trees[0].filter { $0.head == 0 }.count == 1)
        let numbers = try await predictor(
            .regression(name: "n", train: (0..<8).map { RegressionExample("a", "b", values: [Double($0), 1]) }))
        #expect(
            try await numbers.numbers(ofPairs: [("a", "b")]).map(\.count) == [2] && numbers.head.output == .numbers(2))
        let pairs = try await predictor(
            .pairClassification(name: "p", train: (0..<8).map { PairExample("a", "b", label: "\($0 % 2)") }))
        #expect(try await pairs.classes(ofPairs: [("a", "b"), ("c", "d")]).count == 2)
        for (predictor, words) in [
            (pairs, "pairs of texts"), (tags, "not classes"), (parsing, "not classes"), (numbers, "not classes"),
        ] {
            let error = await AmalgamError.thrown { _ = try await predictor.classes(of: ["a"]) }
            #expect(error?.kind == .head && error?.description.contains(words) == true, "\(error as Any)")
        }
    }

    @Test func scoresHaveIntervalsAndDifferences() async throws {
        let model = try fixture.model()
        let task = try TextTask.classification(
            name: "game", train: Fixture.examples(), dev: Fixture.examples(12),
            test: Fixture.examples(24, labels: ["a", "new"]) + [ClassificationExample("x", label: "")],
            metric: "macro_f1")
        let bundle = try await model.train(.adapter(), on: task, options: Fixture.options).result.bundle
        let evaluation = try await Predictor(model, bundle).evaluate(on: task)
        #expect(evaluation.examples == 24 && evaluation.unknownLabels == 12 && evaluation.skipped == 1)
        #expect(evaluation.metric == "macro_f1" && evaluation.scores.first == evaluation.score)
        let accuracy = try #require(evaluation["accuracy"])
        let interval = try #require(accuracy.interval)
        #expect(accuracy.value <= 0.5 && interval.low <= accuracy.value && accuracy.value <= interval.high)
        #expect(!accuracy.isLowerBetter && evaluation.loss.value > 0 && evaluation["pearson"] == nil)
        #expect(
            evaluation.warnings.contains { $0.kind == .data && $0.text.contains("12 of 25") }, "\(evaluation.warnings)")
        #expect(
            evaluation.classes.map(\.label) == ["a", "b", "new"]
                && evaluation.classes.map(\.isKnown) == [true, true, false])
        #expect(evaluation.confusion?.labels == ["a", "b", "new"])
        #expect(evaluation.confusion?.counts.joined().reduce(0, +) == 24)

        let none = try evaluation.difference(from: evaluation)
        #expect(none.value == 0 && none.interval?.low == 0 && none.interval?.high == 0)
        #expect(none.interval?.excludesZero == false)
        let head = try await model.train(.head, on: task, options: Fixture.options).result.bundle
        let other = try await Predictor(model, head).evaluate(on: task)
        let difference = try other.difference(from: evaluation, metric: "accuracy")
        #expect(abs(difference.value - ((other["accuracy"]?.value ?? 9) - accuracy.value)) < 1e-12)
        let dev = try await Predictor(model, head).evaluate(on: task, split: .dev)
        #expect(await AmalgamError.thrown { _ = try dev.difference(from: evaluation) }?.kind == .option)

        try evaluation.writePredictions(to: fixture.url("rows.csv"))
        let rows = try String(contentsOf: fixture.url("rows.csv"), encoding: .utf8).split(separator: "\n")
        #expect(rows.count == 25 && rows[0].hasPrefix("line,gold,label,correct"))
        try evaluation.writePredictions(to: fixture.url("rows.jsonl"))
        #expect(try Data(contentsOf: fixture.url("rows.jsonl")).split(separator: 10).count == 24)
    }

    @Test func aHeadOfAnotherTaskWarnsAndOneOfAnotherKindIsRefused() async throws {
        let predictor = try await Predictor(fixture.model(), fixture.adapter())
        let other = try await predictor.evaluate(on: Fixture.task("other"))
        #expect(other.warnings.map(\.kind) == [.head], "\(other.warnings)")
        let tags = try TextTask.tagging(
            name: "t", train: [], test: [TaggingExample(["a"], tags: ["O"])], labels: ["O", "B-X"])
        #expect(await AmalgamError.thrown { _ = try await predictor.evaluate(on: tags) }?.kind == .head)
        #expect(await AmalgamError.thrown { _ = try await predictor.evaluate(on: tags, seed: -1) }?.field == "seed")
        let none = try TextTask.classification(name: "game", train: Fixture.examples())
        #expect(await AmalgamError.thrown { _ = try await predictor.evaluate(on: none) }?.kind == .noExamples)
    }
}
