import Testing

@testable import Tasks

@Suite struct ClusteredBootstrapTests {
    private typealias Answers = ClassAnswers
    private static let classMetrics = Metrics.standard.fitting(ClassAnswers(predicted: [], gold: [], classes: 0))

    private struct File: Decodable {
        struct Cell: Decodable {
            var groups: [String?]
            var gold: [Int]
            var predicted: [[Int]]
        }
        struct Case: Decodable {
            var classes: Int
            var seed: UInt64
            var cells: [Cell]
            /// By metric: mean over the cells on each resample, of the first system and of the second.
            var resampled: [String: [[Double]]]
            var low: [String: Double]
            var high: [String: Double]
        }
        var cases: [Case]
    }

    /// An implementation in NumPy that draws by itself and repeats whole rows, in place of weighing them.
    @Test func equalsNumPy() throws {
        for (number, one) in try golden("clustered", as: File.self).cases.enumerated() {
            for metric in [Accuracy.self, MacroF1.self] as [any Metric.Type] {
                let expected = try #require(one.resampled[metric.name])
                let bootstrap = ClusteredBootstrap(
                    one.cells.map(\.groups), resamples: expected[0].count, seed: one.seed)
                let scores = (0..<2).map { system in
                    bootstrap.score(
                        metric,
                        one.cells.map {
                            Answers(predicted: $0.predicted[system], gold: $0.gold, classes: one.classes)
                        })
                }
                for system in 0..<2 {
                    let worst = zip(scores[system].resampled, expected[system]).map { abs($0 - $1) }.max() ?? 1
                    #expect(worst < 1e-12, "case \(number), \(metric.name), system \(system): off by \(worst)")
                }
                let difference = (scores[0] - scores[1]).interval()
                #expect(abs(difference.low - (one.low[metric.name] ?? .nan)) < 1e-12)
                #expect(abs(difference.high - (one.high[metric.name] ?? .nan)) < 1e-12)
            }
        }
    }

    private func draw(_ seed: UInt64, rows: Int, classes: Int) -> (gold: [Int], a: [Int], b: [Int]) {
        var dice = Dice(seed)
        let gold = (0..<rows).map { _ in Int.random(in: 0..<classes, using: &dice) }
        func answers() -> [Int] {
            gold.map { Bool.random(using: &dice) ? $0 : Int.random(in: 0..<classes, using: &dice) }
        }
        return (gold, answers(), answers())
    }

    /// Rows without a group, and rows each with its own, give the plain percentile bootstrap.
    @Test func groupsOfOneRowAreThePlainBootstrap() {
        for seed in UInt64(1)...10 {
            let (gold, a, b) = draw(seed, rows: 37, classes: 3)
            for groups in [gold.map { _ in nil }, gold.indices.map { "g\($0)" as String? }] {
                let bootstrap = ClusteredBootstrap([groups], resamples: 200, seed: seed)
                for metric in Self.classMetrics {
                    for predicted in [a, b] {
                        let found = bootstrap.score(metric, [Answers(predicted: predicted, gold: gold, classes: 3)])
                        let expected = (0..<200).map { resample in
                            var rows: [Int] = []
                            Bootstrap.draw(37, resample: resample, seed: seed) { rows.append($0) }
                            return metric.value(
                                ofAny: Answers(
                                    predicted: rows.map { predicted[$0] }, gold: rows.map { gold[$0] }, classes: 3))
                        }
                        #expect(found.resampled == expected, "seed \(seed), \(metric.name)")
                    }
                }
            }
        }
    }

    @Test func copiesInOneGroupAddNothing() {
        for seed in UInt64(1)...10 {
            let (gold, a, _) = draw(seed, rows: 25, classes: 2)
            let single = ClusteredBootstrap([gold.indices.map { "\($0)" }], resamples: 100, seed: seed)
            let tripled = ClusteredBootstrap(
                [gold.indices.flatMap { [String?](repeating: "\($0)", count: 3) }], resamples: 100, seed: seed)
            func thrice(_ values: [Int]) -> [Int] { values.flatMap { [$0, $0, $0] } }
            for metric in Self.classMetrics {
                let one = single.score(metric, [Answers(predicted: a, gold: gold, classes: 2)]).interval()
                let three = tripled.score(
                    metric, [Answers(predicted: thrice(a), gold: thrice(gold), classes: 2)]
                ).interval()
                #expect(abs(one.low - three.low) < 1e-12 && abs(one.high - three.high) < 1e-12, "seed \(seed)")
                // As independent rows, the same answers would look surer than they are
                let naive = ClusteredBootstrap([thrice(a).map { _ in nil }], resamples: 100, seed: seed)
                    .score(metric, [Answers(predicted: thrice(a), gold: thrice(gold), classes: 2)]).interval()
                #expect(naive.high - naive.low < three.high - three.low, "seed \(seed)")
            }
        }
    }

    /// Two cells with the same rows, one right where the other is wrong: drawn together their mean never moves.
    @Test func aGroupIsDrawnForAllCellsTogether() {
        let gold = (0..<40).map { $0 % 2 }
        let half = gold.enumerated().map { $0 < 20 ? $1 : 1 - $1 }
        let names = gold.indices.map { "\($0)" as String? }
        let answers = [half, half.map { 1 - $0 }].map { Answers(predicted: $0, gold: gold, classes: 2) }
        let together = ClusteredBootstrap([names, names], resamples: 100).score(Accuracy.self, answers).interval()
        #expect(abs(together.low - 0.5) < 1e-12 && abs(together.high - 0.5) < 1e-12)
        let apart = ClusteredBootstrap([names, names.map { $0.map { "other \($0)" } }], resamples: 100)
        let loose = apart.score(Accuracy.self, answers).interval()
        #expect(loose.high - loose.low > 0.05)
        // A part of the cells has the resamples that it has in the whole
        let second = apart.score(Accuracy.self, [answers[1]], cells: [1])
        let first = apart.score(Accuracy.self, [answers[0]], cells: [0])
        let whole = apart.score(Accuracy.self, answers)
        for i in 0..<100 {
            #expect(abs((first.resampled[i] + second.resampled[i]) / 2 - whole.resampled[i]) < 1e-12)
        }
    }

    @Test func smallAndEmptyInputsAreFine() {
        let none = ClusteredBootstrap([[]]).score(Accuracy.self, [Answers(predicted: [], gold: [], classes: 2)])
        #expect(none.interval().value.isNaN && none.interval().low.isNaN && none.interval().high.isNaN)
        // A cell that no resample can miss beside one that most miss: an empty one is no zero
        var groups = [(0..<50).map { "\($0)" as String? }, ["rare"]]
        groups[0][0] = nil
        let answers = groups.map { Answers(predicted: $0.map { _ in 1 }, gold: $0.map { _ in 1 }, classes: 2) }
        let sure = ClusteredBootstrap(groups, resamples: 100).score(Accuracy.self, answers)
        #expect(sure.interval() == Interval(value: 1, low: 1, high: 1))
    }
}
