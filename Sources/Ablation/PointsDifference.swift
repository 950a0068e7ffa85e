import Foundation

/// A difference of two scores with its interval. Shares are shown in points, one hundredth each.
package struct PointsDifference: Sendable, Equatable, Codable {
    package var value: Double
    package var low: Double
    package var high: Double
    /// Whether the scores are shares; others are shown in their own unit.
    package var isShare = true

    enum CodingKeys: String, CodingKey { case value, low, high }

    package init(value: Double, low: Double, high: Double, isShare: Bool = true) {
        self.value = value
        self.low = low
        self.high = high
        self.isShare = isShare
    }

    /// Whether the whole interval is above 0, or below it.
    package var isAbove: Bool { low > 0 }
    package var isBelow: Bool { high < 0 }

    /// "+1.2 points [−0.4, +2.8]".
    package var text: String { "\(shown(value))\(isShare ? " points" : "") \(ends)" }

    /// "+1.2".
    package var short: String { shown(value) }

    /// "[−0.4, +2.8]".
    package var ends: String { "[\(shown(low)), \(shown(high))]" }

    private func shown(_ x: Double) -> String {
        guard x.isFinite else { return "undefined" }
        let tenths = (x * 1000).rounded() / 10
        let sign = (isShare ? tenths : x) >= 0 ? "+" : "−"
        return sign + (isShare ? "\(abs(tenths))" : String(format: "%.3g", abs(x)))
    }
}
