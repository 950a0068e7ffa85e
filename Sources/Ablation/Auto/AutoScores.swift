import Foundation
import Tasks

/// Scores of candidates on the two halves of a task's own texts, all over the same resamples.
struct AutoScores {
    private let metric: any Metric.Type
    private let bootstrap: ClusteredBootstrap
    private var scores: [(candidate: AutoCandidate, score: ResampledScore)] = []

    /// - Parameter metric: the task's own
    init(_ folds: AutoFolds, metric: any Metric.Type) {
        self.metric = Self.metric(metric)
        bootstrap = ClusteredBootstrap(folds.tasks.map(\.testGroups))
    }

    /// What a task with this metric is judged by: errors have no common scale, on which other tasks could teach anything.
    static func metric(_ own: any Metric.Type) -> any Metric.Type { own.isShare ? own : Pearson.self }

    /// - Parameter answers: to the test split of each fold
    mutating func add(_ candidate: AutoCandidate, _ answers: [any Answers]) {
        let halves = bootstrap.scores(metric, answers)
        func mean(_ values: [Double]) -> Double {
            // A correlation with a constant is undefined, and as good as none
            values.reduce(0) { $0 + ($1.isNaN ? 0 : $1) } / Double(max(1, values.count))
        }
        let score = ResampledScore(
            value: mean(halves.map(\.value)),
            resampled: (0..<bootstrap.resamples).map { i in mean(halves.map { $0.resampled[i] }) })
        scores.append((candidate, score))
    }

    /// Evidence on all candidates that were added.
    /// - Parameters:
    ///   - relatedness: of the closest source
    ///   - entropy: of the task's classes; nil: it has none
    func evidence(labels: Int, relatedness: Double, entropy: Double?) -> AutoEvidence {
        var evidence = AutoEvidence(labels: labels, relatedness: relatedness, entropy: entropy)
        evidence.candidates = scores.map(\.candidate)
        evidence.scores = scores.map(\.score.value)
        let deviations = scores.map { entry in
            let mean = entry.score.resampled.reduce(0, +) / Double(entry.score.resampled.count)
            return entry.score.resampled.map { $0 - mean }
        }
        evidence.covariance = deviations.map { a in
            deviations.map { b in zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } / Double(a.count) }
        }
        return evidence
    }
}
