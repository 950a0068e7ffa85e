import Foundation
import Reporting

/// The verdict in sentences.
struct AutoWords {
    let outcome: AutoOutcome
    let labels: Int

    var sentences: [String] {
        [choice, comparison, sources].compactMap { $0 }
    }

    private func shown(_ range: ClosedRange<Double>) -> String {
        "[\(Human.score(range.lowerBound)), \(Human.score(range.upperBound))]"
    }

    private var choice: String {
        let best = outcome.candidates.first { $0.candidate == outcome.chosen }
        let expected = best.map { "\(Human.score($0.expected)) \(shown($0.interval))" } ?? "unknown"
        return
            "Chosen: \(outcome.chosen.label). Expected \(outcome.metric.metricWords) on new texts: \(expected) "
            + "(95 % interval for a test of \(Int(AutoOutcome.testTexts)) texts)."
    }

    /// The most likely alternative.
    private var comparison: String? {
        let others = outcome.candidates.filter { $0.candidate != outcome.chosen }
        guard let other = others.first,
            let d = outcome.expectation.difference(outcome.chosen, other.candidate)
        else { return nil }
        let half = 1.96 * d.deviation
        let difference = PointsDifference(value: d.mean, low: d.mean - half, high: d.mean + half)
        let certainty =
            difference.isAbove
            ? "clearly better than"
            : "about as good as, within what \(Human.count(labels, "label")) can tell,"
        return "It is \(certainty) the next best, \(other.candidate.label): \(difference.text)."
    }

    private var sources: String? {
        let gain = outcome.evidence.relatedness
        let points = String(format: "%.1f points", abs(100 * gain))
        let closest = "The closest source is \(outcome.closest)"
        return gain > 0.02
            ? "\(closest): with it, a linear probe scores \(points) higher than on the bare model."
            : "\(closest), but a linear probe scores \(gain < 0 ? "\(points) lower" : "only \(points) higher") with it than on the "
                + "bare model: the sources are hardly related to this task."
    }
}
