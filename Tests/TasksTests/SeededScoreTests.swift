import Testing

@testable import Tasks

/// Intervals of means over seeds and texts.
@Suite struct SeededScoreTests {
    /// A small generator: the same numbers on any machine.
    private struct Numbers {
        var state: UInt64

        /// In 0..<1.
        mutating func next() -> Double {
            state = Bootstrap.mixed(state &+ 0x9E37_79B9_7F4A_7C15)
            return Double(state >> 11) / 0x1p53
        }
    }

    private static let texts = 150
    private static let seeds = 5

    /// Answers of runs that are right with probability `skill`, moved for each seed by up to ± `spread`.
    private func runs(_ spread: Double, _ numbers: inout Numbers, difficulty: [Double]) -> [ClassAnswers] {
        (0..<Self.seeds).map { _ in
            let own = spread * (2 * numbers.next() - 1)
            let right = difficulty.map { numbers.next() < min(1, max(0, $0 + own)) }
            return ClassAnswers(
                predicted: right.map { $0 ? 1 : 0 }, gold: right.map { _ in 1 }, classes: 2)
        }
    }

    /// How often a difference is found between equal systems: by texts alone, and by texts and seeds.
    private func rejections(spread: Double, trials: Int) -> (texts: Double, both: Double) {
        let bootstrap = ClusteredBootstrap([[String?](repeating: nil, count: Self.texts)], resamples: 200)
        var numbers = Numbers(state: 7)
        var (texts, both) = (0, 0)
        for _ in 0..<trials {
            let difficulty = (0..<Self.texts).map { _ in 0.5 + 0.5 * numbers.next() }
            let sides = (0..<2).map { _ in
                runs(spread, &numbers, difficulty: difficulty).map { bootstrap.scores(Accuracy.self, [$0])[0] }
            }
            let plain = ResampledScore.mean(sides[0]) - ResampledScore.mean(sides[1])
            if plain.interval().excludesZero { texts += 1 }
            let seeded = SeededScore(sides[0]) - SeededScore(sides[1])
            if seeded.resampled.interval().excludesZero { both += 1 }
        }
        return (Double(texts) / Double(trials), Double(both) / Double(trials))
    }

    /// Where seeds differ in skill, texts alone find differences between equal systems; with the seeds' noise it is the 5 %
    /// that a 95 % interval promises. Where they do not differ, the intervals are not too wide either.
    @Test(arguments: [0.0, 0.12]) func equalSystemsSeldomDiffer(spread: Double) {
        let found = rejections(spread: spread, trials: 300)
        #expect(found.both <= 0.08 && found.both >= 0.01, "\(found)")
        if spread > 0 { #expect(found.texts > 0.2, "\(found)") }
    }

    /// The numbers of one run are those of the texts.
    @Test func oneRunHasTheNoiseOfTexts() {
        let score = ResampledScore(value: 0.5, resampled: [0.4, 0.5, 0.6])
        #expect(SeededScore([score]).resampled == score && SeededScore([score]).freedom == .infinity)
        #expect(SeededScore([score]).runs == 1)
    }

    /// Equal runs have no noise of seeds.
    @Test func equalRunsAddNothing() {
        let score = ResampledScore(value: 0.5, resampled: [0.4, 0.5, 0.6])
        #expect(SeededScore([score, score]).resampled.resampled == score.resampled)
    }

    /// Without noise of texts, the interval is Student's: mean ± t · s / √S.
    @Test func withoutTextsItIsStudentsInterval() throws {
        let values = [0.1, 0.2, 0.3, 0.6, 0.3]
        let score = SeededScore(
            values.map { ResampledScore(value: $0, resampled: [Double](repeating: $0, count: 40_000)) })
        let interval = score.resampled.interval()
        // scipy.stats.t.interval(0.95, 4, 0.3, scipy.stats.sem(values)): 0.3 ± 0.23227
        #expect(abs(interval.low - 0.0677) < 0.006 && abs(interval.high - 0.5323) < 0.006, "\(interval)")
        #expect(score.freedom == 4)
    }

    @Test func undefinedRunsDoNotCount() {
        let good = ResampledScore(value: 0.5, resampled: [0.4, 0.6])
        let none = ResampledScore(value: .nan, resampled: [.nan, .nan])
        let score = SeededScore([good, none])
        #expect(score.value == 0.5 && score.runs == 1 && score.resampled.resampled == [0.4, 0.6])
    }
}
