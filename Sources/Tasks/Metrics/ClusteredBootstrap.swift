/// A score and what it is on each resample: scores of the same resamples pair, so that differences have intervals too.
package struct ResampledScore: Equatable, Sendable {
    /// On the examples as they are, not the resamples' mean.
    package var value: Double
    package var resampled: [Double]

    package init(value: Double, resampled: [Double]) {
        self.value = value
        self.resampled = resampled
    }

    /// The middle `confidence` of the resamples that have a number.
    package func interval(confidence: Double = 0.95) -> Interval {
        let sorted = resampled.filter { !$0.isNaN }.sorted()
        let tail = (1 - confidence) / 2
        return Interval(
            value: value, low: Bootstrap.quantile(sorted, tail), high: Bootstrap.quantile(sorted, 1 - tail))
    }

    /// The mean of scores of the same resamples; what is no number does not count, and of nothing it is 0.
    package static func mean(_ scores: [ResampledScore]) -> ResampledScore {
        func mean(_ values: [Double]) -> Double {
            let numbers = values.filter { !$0.isNaN }
            return numbers.isEmpty ? 0 : numbers.reduce(0, +) / Double(numbers.count)
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
/// rows. Rows that belong together, such as packages of one source, are no independent witnesses.
///
/// It goes over several cells at once, such as a task's languages: a group that has rows in several cells is drawn for
/// all of them together, since its rows are translations of each other. With groups of one row and one cell it is
/// `Bootstrap`, bit for bit.
package struct ClusteredBootstrap: Sendable {
    /// Of each cell, the group of each row.
    private let groups: [[Int]]
    /// Groups in all cells together.
    package let count: Int
    package let resamples: Int
    private let seed: UInt64

    /// One system's classes in a cell.
    package struct Answers: Sendable {
        package var predicted: [Int]
        package var gold: [Int]
        package var classes: Int

        /// - Parameters:
        ///   - predicted: class indices in 0..<classes
        ///   - gold: as many true class indices
        package init(predicted: [Int], gold: [Int], classes: Int) {
            self.predicted = predicted
            self.gold = gold
            self.classes = classes
        }
    }

    /// - Parameter groups: of each cell, the name of each row's group; a row without one is a group by itself.
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

    /// A metric on each cell, as it is and on each resample: no number where a resample drew no row of the cell.
    /// - Parameters:
    ///   - answers: of each cell of `cells`
    ///   - cells: indices of cells; nil: all
    package func scores(
        _ metric: any Metric.Type, _ answers: [Answers], cells: [Int]? = nil
    ) -> [ResampledScore] {
        scores([metric], answers, cells: cells)[0]
    }

    /// The same for several metrics at once, in their order: the resamples are drawn and counted one time for all.
    package func scores(
        _ metrics: [any Metric.Type], _ answers: [Answers], cells: [Int]? = nil
    ) -> [[ResampledScore]] {
        let cells = cells ?? Array(groups.indices)
        precondition(cells.count == answers.count, "\(answers.count) answers for \(cells.count) cells")
        var counts = answers.map { ClassCounts(classes: $0.classes) }
        func values(_ i: Int, _ times: (Int) -> Int) -> [Double] {
            counts[i].removeAll()
            for (row, group) in groups[cells[i]].enumerated() where times(group) > 0 {
                counts[i].add(
                    predicted: answers[i].predicted[row], gold: answers[i].gold[row], times: times(group))
            }
            return metrics.map { counts[i].total > 0 ? $0.value(counts[i]) : .nan }
        }
        var scores = [[ResampledScore]](repeating: [], count: metrics.count)
        for i in cells.indices {
            for (m, value) in values(i, { _ in 1 }).enumerated() {
                scores[m].append(ResampledScore(value: value, resampled: []))
            }
        }
        var drawn = [Int](repeating: 0, count: count)
        for resample in 0..<resamples {
            draw(resample, into: &drawn)
            for i in cells.indices {
                for (m, value) in values(i, { drawn[$0] }).enumerated() { scores[m][i].resampled.append(value) }
            }
        }
        return scores
    }

    /// The mean of the values of the first cell's rows, as it is and on each resample; nil does not count.
    package func mean(_ values: [Double?]) -> ResampledScore {
        var sums = [(sum: Double, rows: Int)](repeating: (0, 0), count: count)
        for (value, group) in zip(values, groups.first ?? []) {
            guard let value else { continue }
            sums[group].sum += value
            sums[group].rows += 1
        }
        func mean(_ times: (Int) -> Int) -> Double {
            var (sum, rows) = (0.0, 0)
            for (group, part) in sums.enumerated() where part.rows > 0 {
                sum += part.sum * Double(times(group))
                rows += part.rows * times(group)
            }
            return rows > 0 ? sum / Double(rows) : .nan
        }
        var drawn = [Int](repeating: 0, count: count)
        return ResampledScore(
            value: mean { _ in 1 },
            resampled: (0..<resamples).map { resample in
                draw(resample, into: &drawn)
                return mean { drawn[$0] }
            })
    }

    /// The mean of a metric over cells, as it is and on each resample; a cell without a row does not count.
    package func score(
        _ metric: any Metric.Type, _ answers: [Answers], cells: [Int]? = nil
    ) -> ResampledScore {
        ResampledScore.mean(scores(metric, answers, cells: cells))
    }
}
