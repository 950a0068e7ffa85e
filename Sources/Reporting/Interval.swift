/// The two ends of an interval, in any order and of any value: what comes from measurements is not a `ClosedRange`,
/// which stops the program over NaN.
package struct Interval: Sendable, Equatable, Codable {
    package var low: Double
    package var high: Double

    package init(_ low: Double, _ high: Double) {
        self.low = low
        self.high = high
    }

    /// As scores: "[.762, .806]".
    package var text: String { "[\(Human.score(low)), \(Human.score(high))]" }

    /// Half its width: "±.022".
    package var halfText: String { "±\(Human.score((high - low).magnitude / 2))" }

    /// On one line and short, for tables with little room: ".762–.806".
    package var shortText: String { "\(Human.score(low))–\(Human.score(high))" }
}
