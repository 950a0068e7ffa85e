import Amalgam
import Foundation
import Testing

/// What an evaluation says as values and as a report, and which head it takes.
@Suite struct EvaluationTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    @Test func valuesAndReport() async throws {
        let model = try fixture.model()
        let task = try TextTask.classification(
            name: "game", train: Fixture.examples(),
            test: Fixture.examples(24, labels: ["a", "new"]) + [ClassificationExample("x", label: "")])
        let file = fixture.url("a.h5")
        try await model.train(.adapter(), on: task, options: Fixture.options).result.bundle.write(to: file)
        let evaluation = try await Predictor(model, AdapterBundle(contentsOf: file)).evaluate(on: task)
        #expect(evaluation.kind == .classification && evaluation.skippedByReason == ["empty label": 1])
        #expect(evaluation.bundle == file.relativePath && evaluation.model == model.name)

        let values = evaluation.values
        #expect(values["kind"] == "text-classification" && values["examples"] == 24 && values["unknown_labels"] == 12)
        #expect(values["skipped"] == ["count": 1, "reasons": ["empty label": 1]])
        #expect(values["metrics"]?["accuracy"]?.number == evaluation.score.value && values["metric"] == "accuracy")
        #expect(values["bundle"]?.text == file.relativePath)
        #expect(values["confusion"]?["labels"] == ["a", "b", "new"])
        guard case .list(let rows)? = values["per_class"] else { throw AmalgamError(.option, "no classes") }
        #expect(rows.count == 3 && rows[2]["known"] == false && rows[0]["support"] == 12)
        #expect(SettingValue(json: values.json) == values)

        let report = evaluation.report
        #expect(report.text(width: 100).hasPrefix("game test: accuracy "))
        #expect(report.text().contains("12 of 24 rows have a label that the head does not know"))
        for words in ["Largest errors", "True and predicted classes", "new", "95 % interval"] {
            #expect(report.html.contains(words), "\(words)")
        }
        #expect(report.markdown.contains("game, test") && report.values["examples"] == 24)
        try report.write(to: fixture.url("r.html"))
        #expect(try String(contentsOf: fixture.url("r.html"), encoding: .utf8) == report.html)
    }

    /// Scores without a value are NaN, and null in JSON.
    @Test func undefinedScores() async throws {
        let model = try fixture.model()
        let task = try TextTask.regression(
            name: "n", train: (0..<8).map { RegressionExample("a", value: Double($0)) },
            test: (0..<4).map { _ in RegressionExample("a", value: 1) })
        let bundle = try await model.train(.head, on: task, options: Fixture.options).result.bundle
        let evaluation = try await Predictor(model, bundle).evaluate(on: task)
        #expect(evaluation.score.value.isNaN && evaluation.score.interval == nil)
        #expect(evaluation.values["metrics"]?["pearson"]?.number?.isNaN == true)
        #expect(SettingValue(json: evaluation.values.json)?["metrics"]?["pearson"] == .null)
        #expect(evaluation.report.text().hasPrefix("n test: Pearson correlation undefined"))
        #expect(evaluation.report.values["task"] == "n")
        // Four texts are too few for an interval, and the loss is in no unit of the data
        #expect(
            evaluation["mse"]?.interval == nil && evaluation.report.text().contains("No intervals: fewer than 10 test"))
        #expect(evaluation.report.text().contains("The loss is the mean squared error of numbers with mean 0"))
        #expect(evaluation.values["truncated"] == 0 && evaluation.values["per_class"] == nil)
    }

    /// Of several heads the task chooses, and a user's choice is no surprise.
    @Test func theTaskChoosesTheHead() async throws {
        let model = try fixture.model()
        let (game, works) = (try Fixture.task(), try Fixture.task("works", labels: ["c", "d"]))
        let bundle = try await model.train(.adapter(), on: [game, works], options: Fixture.options).result.bundle
        #expect(await AmalgamError.thrown { _ = try Predictor(model, bundle) }?.kind == .head)
        var options = PredictorOptions()
        options.task = works
        let predictor = try Predictor(model, bundle, options: options)
        #expect(predictor.head.name == "works" && predictor.labels == ["c", "d"] && predictor.warnings.isEmpty)
        #expect(try await predictor.evaluate(on: works).warnings.isEmpty)

        let other = try Fixture.task("other")
        let single = try await fixture.adapter()
        options.task = other
        let chosen = try Predictor(model, single, options: options)
        #expect(chosen.warnings.map(\.kind) == [.head])
        #expect(try await chosen.evaluate(on: other).warnings == chosen.warnings)
        options.head = "game"
        let named = try Predictor(model, single, options: options)
        #expect(named.warnings.isEmpty)
        #expect(try await named.evaluate(on: other).warnings.isEmpty)
        options.head = "nope"
        #expect(await AmalgamError.thrown { _ = try Predictor(model, single, options: options) }?.kind == .head)
    }
}
