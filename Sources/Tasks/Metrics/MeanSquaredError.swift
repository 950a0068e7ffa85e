/// The mean squared error, as scikit-learn's `mean_squared_error`. Several outputs: the mean of their errors.
package enum MeanSquaredError: Metric {
    package static let name = "mse"
    package static let isLowerBetter = true
    package static let isShare = false

    package static func value(_ sums: NumberSums) -> Double { sums.mean { $0.squaredError / $0.count } }
}
