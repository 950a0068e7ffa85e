import Reporting
import Tasks
import Testing

@testable import Ablation

/// Scores of systems on columns by known answers.
@Suite struct PairedScoresTests {
    private let gold = (0..<100).map { $0 % 2 }

    /// Right on the first so many rows.
    private func classes(_ right: Int) -> ClassAnswers {
        ClassAnswers(predicted: gold.map { $0 }.enumerated().map { $0 < right ? $1 : 1 - $1 }, gold: gold, classes: 2)
    }

    private func numbers(_ error: Double) -> NumberAnswers {
        NumberAnswers(
            predicted: (0..<100).map { [Double($0) + ($0 % 2 == 0 ? error : -error)] },
            gold: (0..<100).map { [Double($0)] })
    }

    private func column(
        _ metric: any Metric.Type, _ answers: [String: [any Answers]], groups: [String?]? = nil
    ) -> PairedScores<String>.Column {
        .init(groups: groups ?? gold.map { _ in nil }, metrics: [metric], answers: answers)
    }

    private func scores(
        _ columns: [PairedScores<String>.Column], _ resampling: PairedScores<String>.Resampling = .apart
    ) -> PairedScores<String> { PairedScores(columns, systems: ["a", "b", "c"], resampling) }

    @Test func runsAreAveraged() throws {
        let scores = scores([column(Accuracy.self, ["a": [classes(100), classes(50)]])])
        let score = try #require(scores.score("a", 0))
        #expect(score.value == 0.75 && score.resampled.count == 1000)
        let interval = try #require(Estimate(score).interval)
        #expect(interval.low < 0.75 && interval.high > 0.75 && interval.high <= 1)
        #expect(scores.score("b", 0) == nil && scores.score("a", 0, MacroF1.self) == nil)
        #expect(scores.mean("b", over: [0]) == nil && scores.difference("a", "b", over: [0]) == nil)
    }

    /// Two seeds that differ say little, but no difference of shares is beyond 100 points.
    @Test func differencesOfSharesAreBounded() throws {
        let scores = scores([
            column(Accuracy.self, ["a": [classes(100), classes(0)], "b": [classes(50), classes(50)]])
        ])
        let difference = try #require(scores.difference("a", "b", over: [0]))
        #expect(difference.text == "+0.0 points [−100.0, +100.0]" && difference.runs == 2 && difference.p > 0.9)
    }

    /// An error is better if it is smaller, in means, differences and standings.
    @Test func errorsAreNegated() throws {
        let scores = scores([column(MeanSquaredError.self, ["a": [numbers(1)], "b": [numbers(3)], "c": [numbers(3)]])])
        #expect(scores.score("b", 0)?.value == 9 && scores.mean("b", over: [0])?.value == -9)
        let difference = try #require(scores.difference("a", "b", over: [0]))
        #expect(difference.estimate.value == 8 && difference.isAbove && !difference.isShare)
        #expect(difference.text == "+8 [+8, +8]")
        #expect(["a", "b", "c"].map { scores.standing($0, 0) } == [.best, .below, .below])
    }

    /// Rows of one group in two columns are one witness if they are drawn together, two if not.
    @Test func groupsPairAcrossColumns() throws {
        let groups = gold.indices.map { "g\($0)" as String? }
        func width(_ resampling: PairedScores<String>.Resampling, named: Bool) throws -> Double {
            let columns = (0..<2).map { c in
                // Apart, names do not matter; together, other names are other witnesses
                column(
                    Accuracy.self, ["a": [classes(70)]], groups: named ? groups : groups.map { $0.map { "\(c)\($0)" } })
            }
            let mean = try #require(scores(columns, resampling).mean("a", over: [0, 1]))
            let interval = try #require(Estimate(mean).interval)
            return interval.high - interval.low
        }
        let (one, two) = (try width(.together, named: true), try width(.together, named: false))
        #expect(one > 1.2 * two && one < 1.7 * two, "\(one), \(two)")
    }

    /// The mean is over what is defined; a difference, over what both have.
    @Test func undefinedScoresDoNotCount() throws {
        let constant = NumberAnswers(predicted: (0..<100).map { _ in [1] }, gold: (0..<100).map { [Double($0)] })
        let scores = scores([
            column(Pearson.self, ["a": [numbers(1)], "b": [constant]]),
            column(Accuracy.self, ["a": [classes(100)], "b": [classes(60)], "c": [classes(60)]]),
        ])
        #expect(!scores.isDefined("b", 0) && scores.isDefined("b", 1) && !scores.isDefined("c", 0))
        #expect(scores.standing("b", 0) == nil && scores.mean("b", over: [0])?.value.isNaN == true)
        #expect(scores.mean("b", over: [0, 1])?.value == 0.6)
        #expect(scores.difference("a", "b", over: [0, 1])?.estimate.value == 0.4)
        #expect(scores.difference("b", "c", over: [0, 1])?.text == "+0.0 points [+0.0, +0.0]")
        #expect(scores.standing("c", 1) == .below)
    }
}
