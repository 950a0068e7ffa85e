/// Sums, products and squared errors of predicted and true values, by output. Missing true values do not count.
package struct NumberSums: Statistics, Equatable {
    /// The sums of one output. Values are taken relative to the means over all examples, which keeps their products exact
    /// where the values are large and close to each other.
    package struct Column: Equatable, Sendable {
        package var count = 0.0
        package var x = 0.0
        package var y = 0.0
        package var xx = 0.0
        package var yy = 0.0
        package var xy = 0.0
        package var squaredError = 0.0
        /// The range of the values: a constant is found exactly, whatever the rounding of the sums.
        var xRange: ClosedRange<Double>?
        var yRange: ClosedRange<Double>?
        let xMean: Double
        let yMean: Double

        /// Pearson's correlation; NaN if there are no two different values on both sides.
        package var correlation: Double {
            guard let xRange, let yRange, xRange.lowerBound < xRange.upperBound,
                yRange.lowerBound < yRange.upperBound
            else { return .nan }
            let (sx, sy) = (xx - x * x / count, yy - y * y / count)
            guard sx > 0, sy > 0 else { return .nan }
            return min(1, max(-1, (xy - x * y / count) / (sx.squareRoot() * sy.squareRoot())))
        }
    }

    package private(set) var columns: [Column]
    private let empty: [Column]

    package init(for answers: NumberAnswers) {
        empty = (0..<answers.columns).map { c in
            var (x, y, count) = (0.0, 0.0, 0)
            for (p, g) in zip(answers.predicted, answers.gold) {
                guard let gold = g[c] else { continue }
                x += p[c]
                y += gold
                count += 1
            }
            return count > 0
                ? Column(xMean: x / Double(count), yMean: y / Double(count)) : Column(xMean: 0, yMean: 0)
        }
        columns = empty
    }

    package mutating func add(_ example: Int, of answers: NumberAnswers, times: Int) {
        let weight = Double(times)
        for c in columns.indices {
            guard let gold = answers.gold[example][c] else { continue }
            let predicted = answers.predicted[example][c]
            columns[c].add(predicted, gold, weight)
        }
    }

    package mutating func removeAll() { columns = empty }

    /// The mean of a value over the outputs that have true values; NaN if it is undefined for one of them.
    package func mean(_ value: (Column) -> Double) -> Double {
        let present = columns.filter { $0.count > 0 }
        return present.isEmpty ? .nan : present.reduce(0) { $0 + value($1) } / Double(present.count)
    }
}

extension NumberSums.Column {
    fileprivate mutating func add(_ predicted: Double, _ gold: Double, _ weight: Double) {
        let (a, b) = (predicted - xMean, gold - yMean)
        count += weight
        x += weight * a
        y += weight * b
        xx += weight * a * a
        yy += weight * b * b
        xy += weight * a * b
        squaredError += weight * (predicted - gold) * (predicted - gold)
        xRange = Self.extended(xRange, by: predicted)
        yRange = Self.extended(yRange, by: gold)
    }

    private static func extended(_ range: ClosedRange<Double>?, by value: Double) -> ClosedRange<Double>? {
        guard value.isFinite else { return range }
        guard let range else { return value...value }
        return min(range.lowerBound, value)...max(range.upperBound, value)
    }
}
