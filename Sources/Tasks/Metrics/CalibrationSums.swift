/// Confidences and right answers by bin of confidence.
package struct CalibrationSums: Statistics, Equatable {
    /// Bins of equal width over 0...1, as in Guo et al. (2017).
    package static let bins = 15

    package private(set) var counts = [Double](repeating: 0, count: bins)
    package private(set) var confidences = [Double](repeating: 0, count: bins)
    package private(set) var right = [Double](repeating: 0, count: bins)

    package init(for answers: ClassAnswers) {}

    package mutating func add(_ example: Int, of answers: ClassAnswers, times: Int) {
        guard let confidence = answers.confidences?[example] else { return }
        // A bin is open below and closed above; 0 belongs to the first one. NaN makes the score NaN
        let place = (confidence * Double(Self.bins)).rounded(.up)
        let bin = place > 1 ? min(Self.bins - 1, Int(min(place, Double(Self.bins))) - 1) : 0
        counts[bin] += Double(times)
        confidences[bin] += Double(times) * confidence
        if answers.predicted[example] == answers.gold[example] { right[bin] += Double(times) }
    }

    package mutating func removeAll() {
        for bin in 0..<Self.bins { (counts[bin], confidences[bin], right[bin]) = (0, 0, 0) }
    }
}
