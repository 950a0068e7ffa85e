import Tasks

/// Scores of several runs of one arm, such as one for each seed, on one task: means, with intervals over test examples.
///
/// All arms of a task are scored on the same resamples, so that their differences pair.
struct SeededScores {
    private let bootstrap: ClusteredBootstrap

    /// - Parameter groups: the group of each test example; nil: a group by itself
    init(groups: [String?]) { bootstrap = ClusteredBootstrap([groups], seed: 1) }

    /// The mean over the runs of each metric, in the metrics' order.
    /// - Parameter runs: each run's answers to the test examples
    func means(_ metrics: [any Metric.Type], _ runs: [any Answers]) -> [ResampledScore] {
        let scores = runs.map { bootstrap.scores(metrics, [$0]) }
        return metrics.indices.map { m in ResampledScore.mean(scores.map { $0[m][0] }) }
    }
}
