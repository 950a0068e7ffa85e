/// Spearman's rank correlation of predicted and true values, as scipy's `spearmanr`: Pearson's correlation of the ranks,
/// where equal values share the mean of their ranks. NaN if one side is constant. Several outputs: the mean of their
/// correlations.
package enum Spearman: Metric {
    package static let name = "spearman"

    package static func value(_ values: RankedValues) -> Double { values.correlation }
}

/// How often each example counts. Ranks are not additive: they are computed anew for each resample, from an order of the
/// values that is sorted once.
package struct RankedValues: Statistics {
    private struct Column {
        /// The examples that have a true value.
        var rows: [Int]
        /// Places in `rows` by ascending value; equal values are one group.
        var predicted: [[Int]]
        var gold: [[Int]]
        /// Whether a value is NaN, which has no rank.
        var hasNaN: Bool
    }

    private let columns: [Column]
    private var times: [Int]

    package init(for answers: NumberAnswers) {
        times = [Int](repeating: 0, count: answers.count)
        columns = (0..<answers.columns).map { c in
            let rows = (0..<answers.count).filter { answers.gold[$0][c] != nil }
            let (predicted, gold) = (rows.map { answers.predicted[$0][c] }, rows.compactMap { answers.gold[$0][c] })
            return Column(
                rows: rows, predicted: Self.groups(predicted), gold: Self.groups(gold),
                hasNaN: (predicted + gold).contains { $0.isNaN })
        }
    }

    private static func groups(_ values: [Double]) -> [[Int]] {
        var groups: [[Int]] = []
        var last: Double?
        for i in values.indices.sorted(by: { (values[$0], $0) < (values[$1], $1) }) {
            if values[i] == last { groups[groups.count - 1].append(i) } else { groups.append([i]) }
            last = values[i]
        }
        return groups
    }

    package mutating func add(_ example: Int, of answers: NumberAnswers, times: Int) { self.times[example] += times }

    package mutating func removeAll() { for i in times.indices { times[i] = 0 } }

    /// The mean over the outputs that have true values.
    var correlation: Double {
        let present = columns.filter { $0.rows.contains { times[$0] > 0 } }
        return present.isEmpty ? .nan : present.reduce(0) { $0 + correlation($1) } / Double(present.count)
    }

    private func correlation(_ column: Column) -> Double {
        guard !column.hasNaN else { return .nan }
        let weights = column.rows.map { Double(times[$0]) }
        let total = weights.reduce(0, +)
        let (a, b) = (Self.ranks(column.predicted, weights), Self.ranks(column.gold, weights))
        // The mean of ranks 1...n, whatever the ties
        let mean = (total + 1) / 2
        var (aa, bb, ab) = (0.0, 0.0, 0.0)
        for i in weights.indices where weights[i] > 0 {
            let (x, y) = (a[i] - mean, b[i] - mean)
            aa += weights[i] * x * x
            bb += weights[i] * y * y
            ab += weights[i] * x * y
        }
        // Ranks are multiples of a half: a constant gives exactly 0
        return aa > 0 && bb > 0 ? min(1, max(-1, ab / (aa.squareRoot() * bb.squareRoot()))) : .nan
    }

    private static func ranks(_ groups: [[Int]], _ weights: [Double]) -> [Double] {
        var ranks = [Double](repeating: 0, count: weights.count)
        var before = 0.0
        for group in groups {
            let size = group.reduce(0) { $0 + weights[$1] }
            for i in group { ranks[i] = before + (size + 1) / 2 }
            before += size
        }
        return ranks
    }
}
