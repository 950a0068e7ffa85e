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
    private func drawn(_ resample: Int, into counts: inout [Int]) {
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
        let cells = cells ?? Array(groups.indices)
        precondition(cells.count == answers.count, "\(answers.count) answers for \(cells.count) cells")
        var confusions = answers.map { Confusion(classes: $0.classes) }
        func value(_ i: Int, _ times: (Int) -> Int) -> Double {
            confusions[i].removeAll()
            for (row, group) in groups[cells[i]].enumerated() where times(group) > 0 {
                confusions[i].add(
                    predicted: answers[i].predicted[row], gold: answers[i].gold[row], times: times(group))
            }
            return confusions[i].total > 0 ? metric.value(confusions[i]) : .nan
        }
        var scores = cells.indices.map { i in ResampledScore(value: value(i) { _ in 1 }, resampled: []) }
        var counts = [Int](repeating: 0, count: count)
        for resample in 0..<resamples {
            drawn(resample, into: &counts)
            for i in cells.indices { scores[i].resampled.append(value(i) { counts[$0] }) }
        }
        return scores
    }

    /// The mean of a metric over cells, as it is and on each resample; a cell without a row does not count.
    package func score(
        _ metric: any Metric.Type, _ answers: [Answers], cells: [Int]? = nil
    ) -> ResampledScore {
        ResampledScore.mean(scores(metric, answers, cells: cells))
    }
}
