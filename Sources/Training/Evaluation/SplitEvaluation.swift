import Tasks

/// A split's scores with their intervals, and what a report shows of the answers.
package struct SplitEvaluation: Sendable {
    package let predicted: SplitPredictions
    package let scores: Evaluation
    /// 95 % intervals of each metric and of `loss`. NaN if the metric is undefined, or if `hasIntervals` is false.
    package let intervals: [String: Interval]
    /// Whether enough units were scored for intervals.
    package let hasIntervals: Bool
    /// The scored examples with their true and predicted answers.
    package let rows: any EvaluatedRows

    /// - Parameters:
    ///   - metric: the task's own
    ///   - seed: of the intervals
    package init(_ predicted: SplitPredictions, metric: any Metric.Type, seed: UInt64) {
        self.predicted = predicted
        scores = predicted.evaluation(metric: metric)
        // Groups are resampled whole; without them this is the bootstrap over examples
        let groups = predicted.scored.map { predicted.examples[$0].group }
        let bootstrap = ClusteredBootstrap([groups], seed: seed)
        hasIntervals = Bootstrap.hasEnough(groups)
        var intervals: [String: Interval] = [:]
        if !predicted.scored.isEmpty {
            let metrics = Metrics.standard.fitting(predicted.answers)
            for (each, cells) in zip(metrics, bootstrap.scores(metrics, [predicted.answers])) {
                intervals[each.name] = cells[0].interval()
            }
            let losses = predicted.scored.map { predicted.losses[$0] }
            if losses.contains(where: { $0.count > 0 }) { intervals["loss"] = bootstrap.mean(losses).interval() }
        }
        self.intervals =
            hasIntervals
            ? intervals : intervals.mapValues { Interval(value: $0.value, low: .nan, high: .nan) }
        rows = predicted.form.rows(predicted)
    }
}
