import Foundation
import Reporting
import Tasks

/// A difference of two scores with its interval. Shares are shown in points, one hundredth each.
package struct PointsDifference: Sendable, Equatable {
    package var estimate: Estimate
    /// Whether the scores are shares; others are shown in their own unit.
    package var isShare = true
    /// Two-sided: how likely a difference as large is where there is none. Below .05 exactly where the interval excludes 0.
    package var p = Double.nan
    /// The fewest seeds of the two sides.
    package var runs = 1

    package init(_ score: SeededScore, isShare: Bool = true) {
        var resampled = score.resampled
        if isShare {
            // Two or three seeds can have a t distribution that goes beyond what a difference of shares can be
            let most = score.texts.contains { abs($0) > 1 } ? 2.0 : 1
            resampled.resampled = resampled.resampled.map { $0.isNaN ? $0 : min(most, max(-most, $0)) }
        }
        estimate = Estimate(resampled)
        self.isShare = isShare
        runs = score.runs
        guard let interval = estimate.interval, score.value.isFinite else { return }
        // The end toward 0 says how many standard errors the difference is wide
        let half = score.value > 0 ? score.value - interval.low : interval.high - score.value
        let critical = StudentT.critical(0.05, score.freedom)
        p = half > 0 ? StudentT.twoSided(critical * score.value / half, score.freedom) : (score.value == 0 ? 1 : 0)
    }

    package init(value: Double, low: Double, high: Double) {
        estimate = Estimate(value, Reporting.Interval(low, high))
    }

    /// `p` follows from the rest.
    package static func == (a: Self, b: Self) -> Bool { a.estimate == b.estimate && a.isShare == b.isShare }

    /// Whether the whole interval is above 0, or below it.
    package var isAbove: Bool { estimate.isAbove }
    package var isBelow: Bool { estimate.isBelow }

    /// Half the width of the interval; nil: there is none.
    var half: Double? { estimate.interval.map { ($0.high - $0.low) / 2 } }

    /// "+1.2 points [−0.4, +2.8]".
    package var text: String { "\(short)\(isShare ? " points" : "") \(ends)" }

    /// "+1.2".
    package var short: String { shown(estimate.value) }

    /// "[−0.4, +2.8]".
    package var ends: String { estimate.interval.map { "[\(shown($0.low)), \(shown($0.high))]" } ?? "" }

    private func shown(_ x: Double) -> String {
        guard x.isFinite else { return "undefined" }
        let tenths = (x * 1000).rounded() / 10
        let sign = (isShare ? tenths : x) >= 0 ? "+" : "−"
        return sign + (isShare ? "\(abs(tenths))" : String(format: "%.3g", abs(x)))
    }
}

/// As its estimate.
extension PointsDifference: Codable {
    package init(from decoder: any Decoder) throws { estimate = try Estimate(from: decoder) }
    package func encode(to encoder: any Encoder) throws { try estimate.encode(to: encoder) }
}

extension Estimate {
    /// The score with the middle 95 % of its resamples; without an interval if there are none.
    package init(_ score: ResampledScore) {
        let interval = score.interval()
        self.init(
            interval.value, score.resampled.isEmpty ? nil : Reporting.Interval(interval.low, interval.high))
    }
}
