/// A difference of two scores with its interval, as people say it: in points of a hundred.
package struct PointsDifference: Sendable, Equatable, Codable {
    package var value: Double
    package var low: Double
    package var high: Double

    /// Beyond the noise above 0, or below it.
    package var isAbove: Bool { low > 0 }
    package var isBelow: Bool { high < 0 }

    /// "+1.2 points [−0.4, +2.8]".
    package var text: String { "\(Self.points(value)) points \(ends)" }

    /// "+1.2".
    package var short: String { Self.points(value) }

    /// "[−0.4, +2.8]".
    package var ends: String { "[\(Self.points(low)), \(Self.points(high))]" }

    private static func points(_ x: Double) -> String {
        let tenths = (x * 1000).rounded() / 10
        return (tenths >= 0 ? "+" : "−") + "\(abs(tenths))"
    }
}
