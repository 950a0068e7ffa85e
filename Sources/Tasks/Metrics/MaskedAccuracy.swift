/// The share of hidden tokens that are predicted rightly, over all texts together.
package enum MaskedAccuracy: Metric {
    package static let name = "masked_accuracy"

    package static func value(_ sums: TokenSums) -> Double {
        sums.tokens > 0 ? Double(sums.right) / Double(sums.tokens) : .nan
    }
}
