/// The mean absolute error, as scikit-learn's `mean_absolute_error`. Several outputs: the mean of their errors.
package enum MeanAbsoluteError: Metric {
    package static let name = "mae"
    package static let isLowerBetter = true
    package static let isShare = false

    package static func value(_ sums: AbsoluteErrors) -> Double { sums.mean }
}

/// Sums of absolute errors by output. Missing true values do not count.
package struct AbsoluteErrors: Statistics, Equatable {
    private var errors: [Double]
    private var counts: [Int]

    package init(for answers: NumberAnswers) { self.init(columns: answers.columns) }

    package mutating func add(_ example: Int, of answers: NumberAnswers, times: Int) {
        for c in errors.indices {
            guard let gold = answers.gold[example][c] else { continue }
            errors[c] += Double(times) * abs(answers.predicted[example][c] - gold)
            counts[c] += times
        }
    }

    package mutating func removeAll() { self = Self(columns: errors.count) }

    private init(columns: Int) {
        errors = [Double](repeating: 0, count: columns)
        counts = [Int](repeating: 0, count: columns)
    }

    /// The mean over the outputs that have true values; NaN if there are none.
    fileprivate var mean: Double {
        let present = counts.indices.filter { counts[$0] > 0 }
        return present.isEmpty
            ? .nan : present.reduce(0) { $0 + errors[$1] / Double(counts[$1]) } / Double(present.count)
    }
}
