import Reporting
import Tasks

/// Scores of systems on columns, all over the same resamples, so that any two of them pair.
///
/// A system is what is compared: an arm, a method. A column is what it is tested on: a task, perhaps in one language. A
/// system's score on a column is the mean over its runs, of which there is one for each seed. Intervals cover the noise of
/// texts and of seeds (`SeededScore`); those of one run cover that of texts alone.
package struct PairedScores<System: Hashable> {
    package struct Column {
        /// Of each scored example; nil: a group by itself.
        package var groups: [String?]
        /// The task's own first.
        package var metrics: [any Metric.Type]
        /// Of each system that ran here: each run's answers.
        package var answers: [System: [any Answers]]

        package init(groups: [String?], metrics: [any Metric.Type], answers: [System: [any Answers]]) {
            self.groups = groups
            self.metrics = metrics
            self.answers = answers
        }
    }

    package enum Resampling {
        /// Each column by itself.
        case apart
        /// A group that is in several columns is drawn for all of them: translations of one text are one witness.
        case together
    }

    package let columns: [Column]
    package let systems: [System]
    /// By metric, then system: a score for each column; nil where the system did not run.
    private var scores: [String: [System: [SeededScore?]]] = [:]

    package init(
        _ columns: [Column], systems: [System], _ resampling: Resampling, resamples: Int = 1000
    ) {
        self.columns = columns
        self.systems = systems
        let all = Array(columns.indices)
        for block in resampling == .together ? [all] : all.map({ [$0] }) {
            score(block, ClusteredBootstrap(block.map { columns[$0].groups }, resamples: resamples))
        }
    }

    private mutating func score(_ block: [Int], _ bootstrap: ClusteredBootstrap) {
        var metrics: [any Metric.Type] = []
        for metric in block.flatMap({ columns[$0].metrics }) where !metrics.contains(where: { $0.name == metric.name })
        {
            metrics.append(metric)
        }
        for system in systems {
            let runs = block.map { columns[$0].answers[system] ?? [] }
            // By metric and place in the block: a score for each run
            var each = metrics.map { _ in block.map { _ in [ResampledScore]() } }
            for run in 0..<(runs.map(\.count).max() ?? 0) {
                let there = block.indices.filter { runs[$0].count > run }
                let found = bootstrap.scores(metrics, there.map { runs[$0][run] }, cells: there)
                for (m, column) in found.enumerated() {
                    for (place, score) in zip(there, column) { each[m][place].append(score) }
                }
            }
            for (m, metric) in metrics.enumerated() {
                let none = [SeededScore?](repeating: nil, count: columns.count)
                for (place, column) in block.enumerated() where !each[m][place].isEmpty {
                    let mean = SeededScore(each[m][place])
                    scores[metric.name, default: [:]][system, default: none][column] =
                        hasEnoughUnits(column) ? mean : mean.withoutInterval
                }
            }
        }
    }

    /// Whether a column's scores have intervals, and count in differences and standings.
    package func hasEnoughUnits(_ column: Int) -> Bool { Bootstrap.hasEnough(columns[column].groups) }

    private func metric(_ metric: (any Metric.Type)?, _ column: Int) -> (any Metric.Type)? {
        metric ?? columns[column].metrics.first
    }

    /// Nil where the system did not run or the metric was not asked for.
    /// - Parameter metric: nil: the column's own
    package func score(_ system: System, _ column: Int, _ metric: (any Metric.Type)? = nil) -> ResampledScore? {
        seeded(system, column, metric)?.resampled(isShare: self.metric(metric, column)?.isShare ?? false)
    }

    private func seeded(_ system: System, _ column: Int, _ metric: (any Metric.Type)?) -> SeededScore? {
        self.metric(metric, column).flatMap { scores[$0.name]?[system]?[column] }
    }

    /// Whether a system has a score, and a defined one, on a column.
    package func isDefined(_ system: System, _ column: Int, _ metric: (any Metric.Type)? = nil) -> Bool {
        seeded(system, column, metric).map { !$0.value.isNaN } ?? false
    }

    /// A score of which larger is better: an error is negated.
    private func merit(_ system: System, _ column: Int, _ metric: (any Metric.Type)?) -> SeededScore? {
        guard let score = seeded(system, column, metric) else { return nil }
        return self.metric(metric, column)?.isLowerBetter ?? false ? score.negated : score
    }

    /// The mean over columns, each weighing the same; larger is better. Columns without a score, or with an undefined
    /// one, do not count.
    /// - Returns: NaN if every score is undefined; nil: the system ran on none of the columns
    package func mean(
        _ system: System, over columns: [Int], _ metric: (any Metric.Type)? = nil
    ) -> ResampledScore? {
        let all = columns.compactMap { merit(system, $0, metric) }
        let defined = all.filter { !$0.value.isNaN }
        guard defined.isEmpty else {
            return SeededScore.mean(defined).resampled(
                isShare: columns.allSatisfy { self.metric(metric, $0)?.isShare ?? false })
        }
        return all.isEmpty ? nil : ResampledScore(value: .nan, resampled: [])
    }

    /// By how much a is better than b: the mean over the columns on which both have a defined score and that have enough
    /// units. A resample on which one of them is undefined does not count.
    package func difference(
        _ a: System, _ b: System, over columns: [Int], _ metric: (any Metric.Type)? = nil
    ) -> PointsDifference? {
        let both = columns.filter { hasEnoughUnits($0) && isDefined(a, $0, metric) && isDefined(b, $0, metric) }
        let pairs = both.compactMap { column in
            merit(a, column, metric).flatMap { left in merit(b, column, metric).map { left - $0 } }
        }
        guard !pairs.isEmpty else { return nil }
        return PointsDifference(
            SeededScore.mean(pairs), isShare: both.allSatisfy { self.metric(metric, $0)?.isShare ?? false })
    }

    /// Where a system stands on a column among all; systems with the highest score are all the best.
    /// - Returns: nil if the system has no defined score, or the column too few units.
    package func standing(
        _ system: System, _ column: Int, _ metric: (any Metric.Type)? = nil
    ) -> ComparisonReport.Standing? {
        let defined = systems.filter { isDefined($0, column, metric) }
        guard hasEnoughUnits(column), defined.contains(system) else { return nil }
        func value(_ system: System) -> Double { merit(system, column, metric)?.value ?? -.infinity }
        let best = defined.reduce(system) { value($1) > value($0) ? $1 : $0 }
        // All with the best score, also where their answers differ
        if best == system { return .best }
        return difference(best, system, over: [column], metric)?.isAbove ?? false ? .below : .withinNoise
    }
}
