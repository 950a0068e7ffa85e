/// How the tokens of a text are chosen.
///
/// As in `transformers`, in this order: repetition penalty, temperature, top-k, top-p, min-p.
package struct GenerationSettings: Equatable, Sendable {
    /// Tokens that are made at most; 1 or more.
    package var maxTokens = 128
    /// What logits are divided by; 0: the most likely token is taken (greedy).
    package var temperature = 0.0
    /// Only so many of the most likely tokens; 0: all.
    package var topK = 0
    /// Only the most likely tokens whose probabilities together reach this; 1: all.
    package var topP = 1.0
    /// Only tokens at least so likely as this times the most likely one; 0: all.
    package var minP = 0.0
    /// What positive logits of tokens that the text has are divided by, and negative ones multiplied with (Keskar et al. 2019);
    /// 1: nothing.
    package var repetitionPenalty = 1.0
    /// With the number of the text and the position, it makes every random number.
    package var seed: UInt64 = 0
    /// Whether each token's log-probability is wanted.
    package var logProbabilities = false

    package init() {}

    /// - Throws: `TrainingError.setting` for a number out of range
    package func validate() throws(TrainingError) {
        func check(_ isRight: Bool, _ name: String, _ found: String, _ expected: String) throws(TrainingError) {
            if !isRight { throw .setting(name: name, found: found, expected: expected) }
        }
        try check(maxTokens >= 1, "--max-tokens", "\(maxTokens)", "1 or more")
        try check(temperature >= 0 && temperature.isFinite, "--temperature", "\(temperature)", "0 or more")
        try check(topK >= 0, "--top-k", "\(topK)", "0 (all tokens) or more")
        try check(topP > 0 && topP <= 1, "--top-p", "\(topP)", "over 0, at most 1")
        try check(minP >= 0 && minP <= 1, "--min-p", "\(minP)", "0 to 1")
        try check(
            repetitionPenalty > 0 && repetitionPenalty.isFinite, "--repetition-penalty", "\(repetitionPenalty)",
            "a number over 0")
    }
}
