import Foundation
import Testing

@testable import Tasks

/// Metrics, thresholds and baselines of label sets and choices against scikit-learn (Tests/Golden/label_sets_golden.py).
struct LabelSetParityTests {
    private struct File: Decodable {
        struct Scores: Decodable {
            var rows: [Int]?
            var micro_f1: Double
            var macro_f1: Double
            var weighted_f1: Double
            var subset_accuracy: Double

            var byMetric: [(metric: any Metric.Type, value: Double)] {
                [
                    (MacroF1.self, macro_f1), (MicroF1.self, micro_f1), (WeightedF1.self, weighted_f1),
                    (SubsetAccuracy.self, subset_accuracy),
                ]
            }
        }
        struct Case: Decodable {
            var labels: Int
            var gold: [[Int]]
            var predicted: [[Int]]
            var precision: [Double]
            var recall: [Double]
            var f1: [Double]
            var support: [Int]
            var resamples: [Scores]
        }
        struct Thresholds: Decodable {
            var labels: Int
            var probabilities: [Float]
            var gold: [[Int]]
            var thresholds: [Double]
        }
        struct Baseline: Decodable {
            var labels: Int
            var strength: Double
            var texts: [String]
            var sets: [[Int]]
            var tests: [String]
            var probabilities: [[Double]]
        }
        struct Question: Decodable {
            var question: String
            var context: String?
            var choices: [String]
            var similarities: [Double]
        }
        var metrics: [Case]
        var thresholds: [Thresholds]
        var baselines: [Baseline]
        var choices: [Question]
    }
    private struct Expected: Decodable { var metrics: [File.Scores] }

    @Test func metricsEqualScikitLearn() throws {
        let expected = try golden("label_sets", as: Expected.self).metrics
        for (number, one) in try golden("label_sets", as: File.self).metrics.enumerated() {
            let answers = LabelSetAnswers(predicted: one.predicted, gold: one.gold, classes: one.labels)
            let names = Metrics.standard.fitting(answers).map { $0.name }
            #expect(Set(names) == Set(Metrics.multiLabel) && names == expected[number].byMetric.map { $0.metric.name })
            for (metric, value) in expected[number].byMetric {
                let found = metric.value(ofAny: answers)
                #expect(abs(found - value) < 1e-12, "case \(number), \(metric.name): \(found), not \(value)")
            }
            let labels = ClassScore.all(
                ClassCounts(of: answers), names: (0..<one.labels).map { "\($0)" }, known: one.labels)
            #expect(labels.map(\.support) == one.support, "case \(number)")
            for (c, label) in labels.enumerated() {
                #expect(abs(label.precision - one.precision[c]) < 1e-12, "case \(number), precision of \(c)")
                #expect(abs(label.recall - one.recall[c]) < 1e-12, "case \(number), recall of \(c)")
                #expect(abs(label.f1 - one.f1[c]) < 1e-12, "case \(number), F1 of \(c)")
            }
            for resample in one.resamples {
                let tallies = resample.byMetric.map { ($0.metric, $0.metric.tally(answers), $0.value) }
                for (metric, tally, value) in tallies {
                    let tally = try #require(tally)
                    for row in resample.rows ?? [] { tally.add(row, times: 1) }
                    #expect(abs(tally.value(of: metric) - value) < 1e-12, "case \(number), \(metric.name)")
                }
            }
        }
    }

    /// Labels that a head does not know are missed wherever they are true.
    @Test func unknownLabelsAreMissed() {
        let sets = [
            LabelSet(labels: [1]), LabelSet(labels: [0], unknown: ["z", "y"]), LabelSet(labels: nil),
            LabelSet(labels: [], unknown: ["z"]),
        ]
        let gold = GoldLabelSets(sets, names: ["a", "b"])
        #expect(gold.names == ["a", "b", "y", "z"] && gold.known == 2 && gold.unknown == 2)
        #expect(gold.sets == [[1], [0, 2, 3], nil, [3]] && gold.scored == [0, 1, 3])
        let answers = gold.answers([[1], [0], [0, 1], []])
        #expect(answers == LabelSetAnswers(predicted: [[1], [0], []], gold: [[1], [0, 2, 3], [3]], classes: 4))
        #expect(MicroF1.value(ofAny: answers) == 2.0 * 2 / (2 + 5))
        #expect(SubsetAccuracy.value(ofAny: answers) == 1.0 / 3)
        #expect(Accuracy.value(ofAny: answers).isNaN)
    }

    @Test func bytes() {
        let answers = LabelSetAnswers(predicted: [[2, 0], []], gold: [[1], [0, 1, 2]], classes: 3)
        #expect(AnswerForms.answers(AnswerForms.text(answers)) as? LabelSetAnswers == answers)
        #expect(LabelSetAnswers(bytes: answers.bytes + [0]) == nil)
        #expect(LabelSetAnswers(bytes: Array(answers.bytes.dropLast())) == nil)
        #expect(LabelSetAnswers(bytes: LabelSetAnswers(predicted: [[3]], gold: [[]], classes: 3).bytes) == nil)
    }

    /// Of equal F1 the threshold nearest to 0.5; labels with few examples share one.
    @Test func thresholdsEqualASearch() throws {
        for (number, one) in try golden("label_sets", as: File.self).thresholds.enumerated() {
            let chosen = LabelThresholds.chosen(one.probabilities, one.gold, labels: one.labels)
            for (c, expected) in one.thresholds.enumerated() {
                #expect(
                    abs(Double(chosen[c]) - expected) < 1e-6,
                    "case \(number), label \(c): \(chosen[c]), not \(expected)")
            }
        }
        #expect(LabelThresholds.labels([0.2, 0.5, 0.7] as [Float], [0.2, 0.6, 0.5]) == [0, 2])
        // Two neighbouring numbers have no middle: the threshold is the upper one, which is still reached
        let low: Float = 0.7
        let pairs = [(low.nextUp, true), (low, false), (Float(0), false)].map { (probability: $0.0, isTrue: $0.1) }
        #expect(LabelThresholds.best(pairs) == low.nextUp)
    }

    @Test func theClassicBaselineEqualsScikitLearn() throws {
        for (number, one) in try golden("label_sets", as: File.self).baselines.enumerated() {
            var options = TFIDFLogisticRegression.Options()
            options.grid = [one.strength]
            options.searchTolerance = 1e-7
            let train = zip(one.texts, one.sets).enumerated().map {
                Example(id: $0, text: $1.0, payload: LabelSet(labels: $1.1))
            }
            let model = try #require(
                TFIDFLabels(
                    train: train, dev: [], labels: (0..<one.labels).map { "\($0)" }, metric: MicroF1.self,
                    options: options))
            let tests = one.tests.enumerated().map { Example(id: $0, text: $1) }
            let found = model.probabilities(tests)
            for (place, expected) in one.probabilities.joined().enumerated() {
                #expect(
                    abs(Double(found[place]) - expected) < 1e-6,
                    "case \(number), \(place): \(found[place]), not \(expected)")
            }
            #expect(model.thresholds == [Float](repeating: 0.5, count: one.labels))
            #expect(model.predict(tests) == one.probabilities.map { row in row.indices.filter { row[$0] >= 0.5 } })
        }
    }

    /// Thresholds and the penalty come from dev.
    @Test func theClassicBaselineUsesDev() throws {
        let one = try golden("label_sets", as: File.self).baselines[0]
        let examples = zip(one.texts, one.sets).enumerated().map {
            Example(id: $0, text: $1.0, payload: LabelSet(labels: $1.1))
        }
        let labels = (0..<one.labels).map { "\($0)" }
        let model = try #require(
            TFIDFLabels(
                train: Array(examples.prefix(40)), dev: Array(examples.suffix(20)), labels: labels, metric: MicroF1.self
            ))
        let dev = Array(examples.suffix(20))
        #expect(
            model.thresholds
                == LabelThresholds.chosen(
                    model.probabilities(dev), dev.map { $0.labelSet?.labels }, labels: one.labels))
        #expect(model.thresholds != [Float](repeating: 0.5, count: one.labels))
    }

    @Test func similaritiesEqualScikitLearn() throws {
        let all = try golden("label_sets", as: File.self).choices
        let questions = all.map { Choices(question: $0.question, context: $0.context, choices: $0.choices) }
        let model = TFIDFChoice(fitting: questions)
        for (number, (question, expected)) in zip(questions, all).enumerated() {
            let found = model.similarities(question)
            #expect(found.count == expected.similarities.count)
            for (a, b) in zip(found, expected.similarities) { #expect(abs(a - b) < 1e-12, "question \(number)") }
        }
    }
}
