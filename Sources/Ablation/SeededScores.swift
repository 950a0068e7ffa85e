import Tasks

/// Scores of predictions over several seeds: means, with intervals from resampled test examples.
struct SeededScores {
    private let gold: [Int]
    private let classes: Int

    init(_ labels: GoldLabels) {
        gold = labels.classes.compactMap { $0 }
        classes = labels.names.count
        precondition(gold.count == labels.classes.count, "an example without a label")
    }

    private static let resamples = 1000

    /// Mean over the seeds on the examples of `indices`.
    private func score(_ metric: any Metric.Type, _ runs: [[Int]], resample: Int?) -> Double {
        var sum = 0.0
        for run in runs {
            var counts = ClassCounts(classes: classes)
            if let resample {
                Bootstrap.draw(gold.count, resample: resample, seed: 1) {
                    counts.add(predicted: run[$0], gold: gold[$0])
                }
            } else {
                for (p, g) in zip(run, gold) { counts.add(predicted: p, gold: g) }
            }
            sum += metric.value(counts)
        }
        return sum / Double(max(runs.count, 1))
    }

    /// The mean's value, then its value on each resample: the same resamples for every arm, so that differences pair.
    func samples(_ metric: any Metric.Type, _ runs: [[Int]]) -> (value: Double, resampled: [Double]) {
        (
            score(metric, runs, resample: nil),
            (0..<Self.resamples).map { score(metric, runs, resample: $0) }
        )
    }

    /// The middle 95 %.
    static func interval(_ samples: [Double]) -> (low: Double, high: Double) {
        let sorted = samples.sorted()
        return (Bootstrap.quantile(sorted, 0.025), Bootstrap.quantile(sorted, 0.975))
    }
}
