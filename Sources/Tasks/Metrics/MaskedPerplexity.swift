import Foundation

/// exp of the mean of −log p over all hidden tokens, as `transformers`' example for masked language modeling reports it.
package enum MaskedPerplexity: Metric {
    package static let name = "perplexity"
    package static let isLowerBetter = true
    package static let isShare = false

    package static func value(_ sums: TokenSums) -> Double {
        sums.tokens > 0 ? exp(sums.loss / Double(sums.tokens)) : .nan
    }
}
