import Foundation
import Testing

@testable import Tasks

struct MetricParityTests {
    private struct Scores: Decodable {
        var accuracy: Double
        var macro_f1: Double
        var micro_f1: Double
        var weighted_f1: Double
        var matthews: Double

        var byMetric: [(any Metric.Type, Double)] {
            [
                (Accuracy.self, accuracy), (MacroF1.self, macro_f1), (MicroF1.self, micro_f1),
                (WeightedF1.self, weighted_f1), (Matthews.self, matthews),
            ]
        }
    }

    private struct File: Decodable {
        struct Case: Decodable {
            var classes: Int
            var gold: [Int]
            var predicted: [Int]
        }
        struct Unknown: Decodable {
            struct Class: Decodable {
                var label: String
                var precision: Double
                var recall: Double
                var f1: Double
                var support: Int
            }
            var names: [String]
            var gold: [String]
            var predicted: [String]
            var classes: [Class]
        }
        var cases: [Case]
        var unknown: [Unknown]
    }

    private struct Expected: Decodable {
        var cases: [Scores]
        var unknown: [Scores]
    }

    @Test func equalsScikitLearn() throws {
        let expected = try golden("metrics", as: Expected.self).cases
        for (number, one) in try golden("metrics", as: File.self).cases.enumerated() {
            let answers = ClassAnswers(predicted: one.predicted, gold: one.gold, classes: one.classes)
            let names = Metrics.standard.fitting(answers).map { $0.name }
            #expect(expected[number].byMetric.map { $0.0.name } == names && names == Metrics.classification)
            for (metric, expected) in expected[number].byMetric {
                let found = metric.value(ofAny: answers)
                #expect(abs(found - expected) < 1e-12, "case \(number), \(metric.name): \(found), not \(expected)")
            }
        }
    }

    /// Rows whose label the head does not know count as scikit-learn counts them on the labels' names.
    @Test func unknownLabelsCountAsScikitLearnHasIt() throws {
        let expected = try golden("metrics", as: Expected.self).unknown
        for (number, one) in try golden("metrics", as: File.self).unknown.enumerated() {
            let examples = one.gold.enumerated().map { i, label in
                let known = one.names.firstIndex(of: label)
                return Example(id: i, text: "", label: known, unknownLabel: known == nil ? label : nil)
            }
            let gold = GoldLabels(examples, names: one.names)
            #expect(gold.unknown == one.gold.count { !one.names.contains($0) })
            let answers = gold.answers(one.predicted.map { one.names.firstIndex(of: $0) ?? -1 })
            for (metric, expected) in expected[number].byMetric {
                let found = metric.value(ofAny: answers)
                #expect(abs(found - expected) < 1e-12, "case \(number), \(metric.name): \(found), not \(expected)")
            }
            let classes = ClassScore.all(answers, gold)
            #expect(classes.map(\.label) == one.classes.map(\.label))
            for (found, expected) in zip(classes, one.classes) {
                #expect(abs(found.precision - expected.precision) < 1e-12, "case \(number), \(found)")
                #expect(abs(found.recall - expected.recall) < 1e-12, "case \(number), \(found)")
                #expect(abs(found.f1 - expected.f1) < 1e-12, "case \(number), \(found)")
                #expect(found.support == expected.support)
            }
        }
    }

    /// Four right of four that the head knows, and four that it does not: half right, not all.
    @Test func rowsWithoutALabelAreNotScored() {
        let examples = [
            Example(id: 0, text: "", label: 0), Example(id: 1, text: "", label: nil),
            Example(id: 2, text: "", label: nil, unknownLabel: "b"), Example(id: 3, text: "", label: 1),
        ]
        let gold = GoldLabels(examples, names: ["a", "c"])
        #expect(gold.names == ["a", "c", "b"] && gold.classes == [0, nil, 2, 1] && gold.scored == [0, 2, 3])
        let answers = gold.answers([0, 0, 1, 1])
        #expect(answers.gold == [0, 2, 1] && answers.predicted == [0, 1, 1] && answers.classes == 3)
    }

    @Test func severalMetricsAtOnceAreEachAlone() {
        let answers = ClassAnswers(predicted: [0, 1, 1, 2, 0], gold: [0, 1, 2, 2, 1], classes: 3)
        let bootstrap = ClusteredBootstrap([["a", "a", nil, "b", nil]], resamples: 50, seed: 3)
        let metrics = Metrics.standard.fitting(answers)
        for (metric, scores) in zip(metrics, bootstrap.scores(metrics, [answers])) {
            #expect("\(bootstrap.scores(metric, [answers]))" == "\(scores)", "\(metric.name)")
        }
        let right = bootstrap.mean([1, 1, 0, 1, 0].map { ($0, 1) })
        #expect("\(right)" == "\(bootstrap.scores(Accuracy.self, [answers])[0])")
    }

    @Test func confusionsAreCountedAndBounded() {
        let examples = (0..<200).map { i in
            Example(id: i, text: "", label: i < 100 ? i % 2 : nil, unknownLabel: i < 100 ? nil : "x\(i)")
        }
        let matrix = ConfusionMatrix((0..<200).map { _ in 0 }, GoldLabels(examples, names: ["a", "b"]))
        #expect(matrix.labels == ["a", "b", ConfusionMatrix.otherLabels])
        #expect(matrix.counts == [[50, 0], [50, 0], [100, 0]])
        #expect(
            matrix.confusions(most: 1) == [.init(gold: ConfusionMatrix.otherLabels, predicted: "a", count: 100)])
        #expect(matrix.part([0, 2]).counts == [[50, 0], [100, 0]])
    }
}

struct MetricPropertyTests {
    @Test func edgesAreNumbers() {
        let none = ClassAnswers(predicted: [], gold: [], classes: 3)
        for metric in Metrics.standard.fitting(none) {
            #expect(metric.value(ofAny: none) == 0)
            #expect(metric.value(ofAny: ClassAnswers(predicted: [0, 2, 1], gold: [0, 2, 1], classes: 3)) == 1)
            #expect(metric.value(ofAny: NumberAnswers(predicted: [[1]], gold: [[1]])).isNaN)
        }
        #expect(Matthews.value(of: ClassAnswers(predicted: [1, 1], gold: [1, 1], classes: 2)) == 0)
    }

    @Test func renamingClassesChangesNothing() {
        for seed in UInt64(1)...50 {
            var dice = Dice(seed)
            let gold = (0..<30).map { _ in Int.random(in: 0..<4, using: &dice) }
            let predicted = (0..<30).map { _ in Int.random(in: 0..<4, using: &dice) }
            let names = (0..<4).shuffled(using: &dice)
            let answers = ClassAnswers(predicted: predicted, gold: gold, classes: 4)
            let renamed = ClassAnswers(
                predicted: predicted.map { names[$0] }, gold: gold.map { names[$0] }, classes: 4)
            for metric in Metrics.standard.fitting(answers) {
                let (a, b) = (metric.value(ofAny: answers), metric.value(ofAny: renamed))
                #expect(abs(a - b) < 1e-12, "seed \(seed), \(metric.name)")
            }
        }
    }
}

struct BootstrapTests {
    private let gold = (0..<400).map { $0 % 2 }
    private func predictions(wrong: Int) -> [Int] { (0..<400).map { $0 < wrong ? 1 - $0 % 2 : $0 % 2 } }

    private func scored(_ metric: any Metric.Type, wrong: Int, resamples: Int = 1000, seed: UInt64) -> ResampledScore {
        ClusteredBootstrap([gold.map { _ in nil }], resamples: resamples, seed: seed)
            .score(metric, [ClassAnswers(predicted: predictions(wrong: wrong), gold: gold, classes: 2)])
    }

    @Test func accuracyIntervalIsTheBinomialOne() {
        let found = scored(Accuracy.self, wrong: 100, resamples: 4000, seed: 1).interval()
        // 0.75 ± 1.96 √(0.75 · 0.25 / 400); the tolerance is the noise of 4,000 resamples.
        #expect(found.value == 0.75)
        #expect(abs(found.low - 0.7076) < 0.006, "\(found)")
        #expect(abs(found.high - 0.7924) < 0.006, "\(found)")
    }

    @Test func pairedDifferenceSeesWhatIntervalsCannot() {
        let a = scored(Accuracy.self, wrong: 80, seed: 1)
        let found = (a - scored(Accuracy.self, wrong: 100, seed: 1)).interval()
        #expect(abs(found.value - 0.05) < 1e-12)
        #expect(found.excludesZero && found.low > 0.02 && found.high < 0.08, "\(found)")
        let same = (a - a).interval()
        #expect(same == Interval(value: 0, low: 0, high: 0))
        #expect(!same.excludesZero)
    }

    @Test func seedAloneDecides() {
        #expect(scored(MacroF1.self, wrong: 90, seed: 7) == scored(MacroF1.self, wrong: 90, seed: 7))
        #expect(scored(MacroF1.self, wrong: 90, seed: 7) != scored(MacroF1.self, wrong: 90, seed: 8))
        // Pinned: the same on every machine.
        #expect(Bootstrap.mixed(0) == 0xE220_A839_7B1D_CDAF)
    }

    @Test func smallInputsAreFine() {
        let one = ClusteredBootstrap([[nil]], resamples: 1, seed: 1)
            .score(Accuracy.self, [ClassAnswers(predicted: [1], gold: [1], classes: 2)]).interval()
        #expect(one == Interval(value: 1, low: 1, high: 1))
        #expect(Bootstrap.quantile([0, 1, 2, 3], 0.5) == 1.5)
        #expect(Bootstrap.quantile([0, 1, 2, 3], 0.1) == 0.1 * 3)
        #expect(Bootstrap.quantile([], 0.5).isNaN)
    }
}
