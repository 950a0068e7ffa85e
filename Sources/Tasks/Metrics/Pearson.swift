/// Pearson's correlation of predicted and true values, as scipy's `pearsonr`; NaN if one side is constant. Several
/// outputs: the mean of their correlations.
package enum Pearson: Metric {
    package static let name = "pearson"

    package static func value(_ sums: NumberSums) -> Double { sums.mean(\.correlation) }
}
