/// A score and its value on each resample. Scores on the same resamples pair, so that differences have intervals too.
package struct ResampledScore: Equatable, Sendable {
    /// On the examples as they are; not the mean of the resamples. NaN if the metric is undefined.
    package var value: Double
    package var resampled: [Double]

    package init(value: Double, resampled: [Double]) {
        self.value = value
        self.resampled = resampled
    }

    /// The middle `confidence` of the resamples on which the score is defined; NaN if there are none.
    package func interval(confidence: Double = 0.95) -> Interval {
        let sorted = resampled.filter { !$0.isNaN }.sorted()
        let tail = (1 - confidence) / 2
        return Interval(
            value: value, low: Bootstrap.quantile(sorted, tail), high: Bootstrap.quantile(sorted, 1 - tail))
    }

    /// The mean of scores on the same resamples. Undefined values do not count; the mean of nothing is NaN.
    package static func mean(_ scores: [ResampledScore]) -> ResampledScore {
        func mean(_ values: [Double]) -> Double {
            let numbers = values.filter { !$0.isNaN }
            return numbers.isEmpty ? .nan : numbers.reduce(0, +) / Double(numbers.count)
        }
        let resamples = scores.map(\.resampled.count).min() ?? 0
        return ResampledScore(
            value: mean(scores.map(\.value)),
            resampled: (0..<resamples).map { i in mean(scores.map { $0.resampled[i] }) })
    }

    package static func - (a: ResampledScore, b: ResampledScore) -> ResampledScore {
        ResampledScore(value: a.value - b.value, resampled: zip(a.resampled, b.resampled).map { $0 - $1 })
    }
}

/// The cluster bootstrap (Field & Welsh 2007): groups are drawn with replacement, and each drawn group brings all its
/// rows. Rows that belong together, such as packages of one source, are not independent. It serves every metric.
///
/// It covers several cells at once, such as a task's languages: a group that has rows in several cells is drawn for all of
/// them together, since its rows are translations of each other. A row without a group is a group by itself; where all are,
/// this is the plain percentile bootstrap over examples.
package struct ClusteredBootstrap: Sendable {
    /// The group of each row of each cell.
    private let groups: [[Int]]
    /// Number of groups in all cells together.
    package let count: Int
    package let resamples: Int
    private let seed: UInt64

    /// - Parameter groups: for each cell, the name of each row's group; nil: a group by itself
    package init(_ groups: [[String?]], resamples: Int = 1000, seed: UInt64 = 1) {
        var numbers: [String: Int] = [:]
        var count = 0
        self.groups = groups.map { cell in
            cell.map { name in
                if let name, let known = numbers[name] { return known }
                if let name { numbers[name] = count }
                count += 1
                return count - 1
            }
        }
        self.count = count
        self.resamples = max(1, resamples)
        self.seed = seed
    }

    /// How often a resample drew each group.
    private func draw(_ resample: Int, into counts: inout [Int]) {
        for i in counts.indices { counts[i] = 0 }
        Bootstrap.draw(count, resample: resample, seed: seed) { counts[$0] += 1 }
    }

    /// A metric on each cell, as it is and on each resample; NaN where a resample drew no row of the cell, or where the
    /// metric is undefined.
    /// - Parameters:
    ///   - answers: for each cell of `cells`
    ///   - cells: indices of cells; nil: all
    package func scores(
        _ metric: any Metric.Type, _ answers: [any Answers], cells: [Int]? = nil
    ) -> [ResampledScore] {
        scores([metric], answers, cells: cells)[0]
    }

    /// The same for several metrics, in their order. Resamples are drawn once for all metrics, and counted once for metrics
    /// that share their statistics.
    package func scores(
        _ metrics: [any Metric.Type], _ answers: [any Answers], cells: [Int]? = nil
    ) -> [[ResampledScore]] {
        let cells = cells ?? Array(groups.indices)
        precondition(cells.count == answers.count, "\(answers.count) answers for \(cells.count) cells")
        for (cell, answers) in zip(cells, answers) {
            precondition(groups[cell].count == answers.count, "\(answers.count) answers for \(groups[cell].count) rows")
        }
        let columns = answers.map { Column(metrics, $0) }
        var scores = [[ResampledScore]](repeating: [], count: metrics.count)
        for (i, column) in columns.enumerated() {
            for (m, value) in column.values(groups[cells[i]], { _ in 1 }).enumerated() {
                scores[m].append(ResampledScore(value: value, resampled: []))
            }
        }
        var drawn = [Int](repeating: 0, count: count)
        for resample in 0..<resamples {
            draw(resample, into: &drawn)
            for (i, column) in columns.enumerated() {
                for (m, value) in column.values(groups[cells[i]], { drawn[$0] }).enumerated() {
                    scores[m][i].resampled.append(value)
                }
            }
        }
        return scores
    }

    /// The statistics of one cell's answers that some metrics need.
    private struct Column {
        private let tallies: [any Tally]
        /// For each metric its index in `tallies`; nil if the metric does not fit the answers.
        private let parts: [(metric: any Metric.Type, tally: Int?)]

        init(_ metrics: [any Metric.Type], _ answers: any Answers) {
            var tallies: [any Tally] = []
            var known: [ObjectIdentifier: Int] = [:]
            parts = metrics.map { metric in
                if let tally = known[metric.sumsID] { return (metric, tally) }
                guard let tally = metric.tally(answers) else { return (metric, nil) }
                known[metric.sumsID] = tallies.count
                tallies.append(tally)
                return (metric, tallies.count - 1)
            }
            self.tallies = tallies
        }

        /// The metrics on rows that count as often as their group was drawn.
        func values(_ groups: [Int], _ times: (Int) -> Int) -> [Double] {
            for tally in tallies { tally.removeAll() }
            var isEmpty = true
            for (row, group) in groups.enumerated() {
                let times = times(group)
                guard times > 0 else { continue }
                isEmpty = false
                for tally in tallies { tally.add(row, times: times) }
            }
            return parts.map { part in
                isEmpty ? .nan : part.tally.map { tallies[$0].value(of: part.metric) } ?? .nan
            }
        }
    }

    /// The mean of values that the first cell's rows have, as it is and on each resample.
    /// - Parameter rows: for each row the sum of its values, and how many there are
    package func mean(_ rows: [(sum: Double, count: Int)]) -> ResampledScore {
        var sums = [(sum: Double, count: Int)](repeating: (0, 0), count: count)
        for (row, group) in zip(rows, groups.first ?? []) where row.count > 0 {
            sums[group].sum += row.sum
            sums[group].count += row.count
        }
        func mean(_ times: (Int) -> Int) -> Double {
            var (sum, count) = (0.0, 0)
            for (group, part) in sums.enumerated() where part.count > 0 {
                sum += part.sum * Double(times(group))
                count += part.count * times(group)
            }
            return count > 0 ? sum / Double(count) : .nan
        }
        var drawn = [Int](repeating: 0, count: count)
        return ResampledScore(
            value: mean { _ in 1 },
            resampled: (0..<resamples).map { resample in
                draw(resample, into: &drawn)
                return mean { drawn[$0] }
            })
    }

    /// The mean of a metric over cells, as it is and on each resample; a cell without rows does not count.
    package func score(
        _ metric: any Metric.Type, _ answers: [any Answers], cells: [Int]? = nil
    ) -> ResampledScore {
        ResampledScore.mean(scores(metric, answers, cells: cells))
    }
}
