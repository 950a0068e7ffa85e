import Foundation
import Models
import Numerics
import Tasks
import Testing

@testable import Training

/// Scores of features against their formulas in NumPy (Tests/Golden/probe_golden.py).
@Suite struct TransferabilityTests {
    struct File: Decodable {
        struct Case: Decodable {
            var name: String
            var classes: Int
            var columns: Int
            var sources: Int
            var features: [Double]
            var labels: [Int]
            var source: [Double]
            var numbers: [Double]
            var logme: Double
            var logme_numbers: Double
            var h_score: Double
            var centroid: Double
            var leep: Double
        }
        var cases: [Case]
    }

    private let golden: File

    init() throws {
        golden = try JSONDecoder().decode(
            File.self, from: Data(contentsOf: Features.golden.appendingPathComponent("transferability.json")))
    }

    private func sample(_ one: File.Case, numbers: Bool = false) -> TransferabilitySample {
        let head: any Head =
            numbers
            ? LinearRegressionHead(numbers: [.identity], pooling: .mean)
            : LinearClassificationHead(labels: (0..<one.classes).map { "\($0)" }, pooling: .mean)
        return TransferabilitySample(
            features: Features(rowsOf: one.features, width: one.columns),
            column: numbers
                ? NumberColumn(one.numbers.map { Float($0) }, width: 1)
                : ClassColumn(one.labels.map { Int32($0) }, names: (0..<one.classes).map { "\($0)" }),
            head: head, metric: numbers ? Spearman.self : Accuracy.self, source: one.source.map { Float($0) },
            sourceClasses: one.sources, pool: ThreadPool(threads: 2))
    }

    /// The features are float32 in both; sums are float64.
    @Test func valuesOfTheFormulas() {
        for one in golden.cases {
            let sample = sample(one)
            for (score, expected) in [
                (LogME.self as any TransferabilityScore.Type, one.logme), (HScore.self, one.h_score),
                (NearestCentroid.self, one.centroid), (LEEP.self, one.leep),
            ] {
                let found = score.value(sample) ?? .nan
                #expect(abs(found - expected) < 1e-6, "\(one.name), \(score.name): \(found), expected \(expected)")
            }
            let found = LogME.value(self.sample(one, numbers: true)) ?? .nan
            #expect(abs(found - one.logme_numbers) < 1e-6, "\(one.name): \(found), expected \(one.logme_numbers)")
        }
    }

    /// Of sets with one label each, LogME is that of the classes; other scores are the mean over the labels.
    @Test func setsOfLabels() throws {
        for one in golden.cases {
            let names = (0..<one.classes).map { "\($0)" }
            var sets = sample(one)
            sets.head = LinearMultiLabelHead(labels: names, pooling: .mean)
            sets.column = LabelSetColumn(
                one.labels.enumerated().map { Example(id: $0, text: "", payload: LabelSet(labels: [$1])) },
                names: names,
                thresholds: names.map { _ in 0.5 })
            #expect(abs((LogME.value(sets) ?? .nan) - one.logme) < 1e-6, "\(one.name)")
            for score in [HScore.self, NearestCentroid.self, LEEP.self] as [any TransferabilityScore.Type] {
                let each = names.indices.compactMap { label in
                    var binary = sample(one)
                    binary.column = ClassColumn(one.labels.map { $0 == label ? 1 : 0 }, names: ["no", "yes"])
                    return score.value(binary)
                }
                let mean = each.reduce(0, +) / Double(names.count)
                #expect(abs((score.value(sets) ?? .nan) - mean) < 1e-9, "\(one.name), \(score.name)")
            }
        }
    }

    /// What is undefined has no value: classes' scores of numbers, LEEP without a source, one class alone.
    @Test func undefined() throws {
        let one = try #require(golden.cases.first)
        let numbers = sample(one, numbers: true)
        for score in [HScore.self, NearestCentroid.self, LEEP.self] as [any TransferabilityScore.Type] {
            #expect(score.value(numbers) == nil, "\(score.name)")
        }
        var alone = sample(one)
        alone.sourceClasses = 0
        #expect(LEEP.value(alone) == nil)
        alone.column = ClassColumn(one.labels.map { _ in 1 }, names: ["0", "1"])
        for score in [LogME.self, HScore.self, NearestCentroid.self] as [any TransferabilityScore.Type] {
            #expect(score.value(alone) == nil, "\(score.name)")
        }
    }

    /// Every score prefers the features that the targets come from to the same ones in another order.
    @Test(arguments: TransferabilityScores.names) func prefersFeaturesThatTell(_ name: String) throws {
        let score = try #require(TransferabilityScores.named(name))
        for one in golden.cases {
            var told = one
            for (row, label) in one.labels.enumerated() {
                told.features[row * one.columns] += 20 * Double(label)
                for z in 0..<one.sources {
                    told.source[row * one.sources + z] = z == label % one.sources ? 0.9 : 0.1 / Double(one.sources - 1)
                }
            }
            let (better, worse) = (score.value(sample(told)), score.value(sample(one)))
            #expect(try #require(better) > #require(worse), "\(one.name)")
        }
    }

    @Test func names() {
        #expect(Set(TransferabilityScores.names).count == TransferabilityScores.builtIn.count)
        #expect(TransferabilityScores.names.first == "logme")
    }
}
