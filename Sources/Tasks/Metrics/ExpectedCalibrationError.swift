/// How far the probability of the predicted class is from the share of right answers: Σ_b (n_b / n) |acc_b − conf_b| over 15
/// bins of equal width (Naeini et al. 2015; Guo et al. 2017). 0 is perfect.
package enum ExpectedCalibrationError: Metric {
    package static let name = "expected_calibration_error"
    package static let isLowerBetter = true
    package static let isShown = false

    package static func value(_ sums: CalibrationSums) -> Double {
        let all = sums.counts.reduce(0, +)
        guard all > 0 else { return .nan }
        return zip(sums.right, sums.confidences).reduce(0) { $0 + abs($1.0 - $1.1) } / all
    }

    /// Answers of systems without probabilities, as of most baselines, have no calibration.
    package static func fits(_ answers: any Answers) -> Bool { (answers as? ClassAnswers)?.confidences != nil }
}
