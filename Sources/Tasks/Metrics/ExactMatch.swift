/// The share of answers that equal one of the alternatives after SQuAD's normalization, as its evaluation scripts'
/// `exact_match` (1.1) and `exact` (2.0), in 0...1.
package enum ExactMatch: Metric {
    package static let name = "exact_match"

    package static func value(_ scores: AnswerScores) -> Double {
        scores.count > 0 ? scores.exact / Double(scores.count) : .nan
    }
}
