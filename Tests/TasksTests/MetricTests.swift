import Foundation
import Testing

@testable import Tasks

struct MetricParityTests {
    private struct File: Decodable {
        struct Case: Decodable {
            var classes: Int
            var gold: [Int]
            var predicted: [Int]
            var accuracy: Double
            var macro_f1: Double
            var matthews: Double
        }
        var cases: [Case]
    }

    @Test func equalsScikitLearn() throws {
        for (number, one) in try golden("metrics", as: File.self).cases.enumerated() {
            let pairs: [(any Metric.Type, Double)] = [
                (Accuracy.self, one.accuracy), (MacroF1.self, one.macro_f1), (Matthews.self, one.matthews),
            ]
            for (metric, expected) in pairs {
                let found = metric.value(predicted: one.predicted, gold: one.gold, classes: one.classes)
                #expect(abs(found - expected) < 1e-12, "case \(number), \(metric.name): \(found), not \(expected)")
            }
        }
    }
}

struct MetricPropertyTests {
    @Test func edgesAreNumbers() {
        for metric in Metrics.builtIn {
            #expect(metric.value(predicted: [], gold: [], classes: 3) == 0)
            #expect(metric.value(predicted: [0, 2, 1], gold: [0, 2, 1], classes: 3) == 1)
        }
        #expect(Matthews.value(predicted: [1, 1], gold: [1, 1], classes: 2) == 0)
    }

    @Test func renamingClassesChangesNothing() {
        for seed in UInt64(1)...50 {
            var dice = Dice(seed)
            let gold = (0..<30).map { _ in Int.random(in: 0..<4, using: &dice) }
            let predicted = (0..<30).map { _ in Int.random(in: 0..<4, using: &dice) }
            let names = (0..<4).shuffled(using: &dice)
            for metric in Metrics.builtIn {
                let a = metric.value(predicted: predicted, gold: gold, classes: 4)
                let b = metric.value(predicted: predicted.map { names[$0] }, gold: gold.map { names[$0] }, classes: 4)
                #expect(abs(a - b) < 1e-12, "seed \(seed), \(metric.name)")
            }
        }
    }
}

struct BootstrapTests {
    private let gold = (0..<400).map { $0 % 2 }
    private func predictions(wrong: Int) -> [Int] { (0..<400).map { $0 < wrong ? 1 - $0 % 2 : $0 % 2 } }

    @Test func accuracyIntervalIsTheBinomialOne() {
        let found = Bootstrap.interval(
            Accuracy.self, predicted: predictions(wrong: 100), gold: gold, classes: 2, resamples: 4000, seed: 1)
        // 0.75 ± 1.96 √(0.75 · 0.25 / 400); the tolerance is the noise of 4,000 resamples.
        #expect(found.value == 0.75)
        #expect(abs(found.low - 0.7076) < 0.006, "\(found)")
        #expect(abs(found.high - 0.7924) < 0.006, "\(found)")
    }

    @Test func pairedDifferenceSeesWhatIntervalsCannot() {
        let a = predictions(wrong: 80)
        let b = predictions(wrong: 100)
        let found = Bootstrap.pairedDifference(Accuracy.self, a, b, gold: gold, classes: 2, seed: 1)
        #expect(abs(found.value - 0.05) < 1e-12)
        #expect(found.excludesZero && found.low > 0.02 && found.high < 0.08, "\(found)")
        let same = Bootstrap.pairedDifference(MacroF1.self, a, a, gold: gold, classes: 2, seed: 1)
        #expect(same == Interval(value: 0, low: 0, high: 0))
        #expect(!same.excludesZero)
    }

    @Test func seedAloneDecides() {
        func run(_ seed: UInt64) -> Interval {
            Bootstrap.interval(MacroF1.self, predicted: predictions(wrong: 90), gold: gold, classes: 2, seed: seed)
        }
        #expect(run(7) == run(7))
        #expect(run(7) != run(8))
        // Pinned: the same on every machine.
        #expect(Bootstrap.mixed(0) == 0xE220_A839_7B1D_CDAF)
    }

    @Test func smallAndEmptyInputsAreFine() {
        let none = Bootstrap.interval(Accuracy.self, predicted: [], gold: [], classes: 2, seed: 1)
        #expect(none == Interval(value: 0, low: 0, high: 0))
        let one = Bootstrap.interval(Accuracy.self, predicted: [1], gold: [1], classes: 2, resamples: 1, seed: 1)
        #expect(one == Interval(value: 1, low: 1, high: 1))
        #expect(Bootstrap.quantile([0, 1, 2, 3], 0.5) == 1.5)
        #expect(Bootstrap.quantile([0, 1, 2, 3], 0.1) == 0.1 * 3)
    }
}
