import Tasks
import Testing

@testable import Training

struct EvaluationTests {
    private let all: [(any Answers, any Metric.Type)] = [
        (ClassAnswers(predicted: [0, 1, 1], gold: [0, 1, 0], classes: 2), MacroF1.self),
        (TagAnswers(predicted: [["B-A", "O"], []], gold: [["B-A", "B-A"], []]), EntityF1.self),
        (NumberAnswers(predicted: [[0.1], [0.1]], gold: [[1], [2]]), Pearson.self),
        (NumberAnswers(predicted: [[0.1, 2], [0.3, 4]], gold: [[1, nil], [2, 1]]), MeanSquaredError.self),
    ]

    @Test func theTasksMetricComesFirst() {
        for (answers, metric) in all {
            let scores = Evaluation(answers, loss: 0.5, metric: metric)
            #expect(scores.metric == metric.name && scores.shown.first == metric.name)
            #expect(scores.examples == answers.count)
            #expect(Set(scores.metrics.keys) == Set(Metrics.standard.fitting(answers).map { $0.name }))
        }
        // Tags without prefixes: entities are not shown
        let plain = TagAnswers(predicted: [["NOUN"]], gold: [["VERB"]])
        #expect(Evaluation(plain, loss: 0, metric: TokenAccuracy.self).shown == ["token_accuracy"])
    }

    /// Training keeps the epoch with the largest score: a small error beats a large one, and any value an undefined one.
    @Test func theScoreDecidesBetweenEpochs() {
        let undefined = Evaluation(all[2].0, loss: 0.1, metric: Pearson.self)
        #expect(undefined[Pearson.name].isNaN && undefined.score == -.infinity)
        let negative = NumberAnswers(predicted: [[2], [1]], gold: [[1], [2]])
        #expect(Evaluation(negative, loss: 9, metric: Pearson.self).score > undefined.score)
        let near = NumberAnswers(predicted: [[1], [2]], gold: [[1], [2.5]])
        let errors = [near, negative].map { Evaluation($0, loss: 0, metric: MeanSquaredError.self) }
        #expect(errors[0].score > errors[1].score)
    }

    /// A checkpoint keeps scores to the last bit, undefined ones too, and the answers.
    @Test func checkpointsKeepScoresAndAnswers() throws {
        var state = TrainingState()
        for (i, (answers, metric)) in all.enumerated() {
            state.result.dev["task \(i)"] = Evaluation(
                answers, unknownLabels: i, loss: i == 0 ? .nan : 1 / 3, metric: metric)
        }
        state.best = .init(score: -.infinity, loss: .nan, epoch: 2)
        let back = try #require(TrainingState(json: state.json, losses: []))
        #expect(back.result.dev == state.result.dev)
        #expect(back.best?.score == -.infinity && back.best?.epoch == 2)
        let damaged = state.json.replacing("tags:", with: "tags:!")
        #expect(damaged != state.json && TrainingState(json: damaged, losses: []) == nil)
    }
}
