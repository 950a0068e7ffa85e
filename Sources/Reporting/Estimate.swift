/// A measured value and its 95 % interval.
package struct Estimate: Sendable, Equatable {
    package var value: Double
    package var interval: Interval?

    package init(_ value: Double, _ interval: Interval? = nil) {
        self.value = value
        self.interval = interval
    }

    /// Whether the whole interval is above 0, or below it.
    package var isAbove: Bool { interval.map { $0.low > 0 } ?? false }
    package var isBelow: Bool { interval.map { $0.high < 0 } ?? false }
}

/// `value`, `low` and `high`; a number that is not finite becomes null: JSON has no word for it.
extension Estimate: Codable {
    private enum CodingKeys: String, CodingKey { case value, low, high }

    package init(from decoder: any Decoder) throws {
        let box = try decoder.container(keyedBy: CodingKeys.self)
        func number(_ key: CodingKeys) throws -> Double { try box.decodeIfPresent(Double.self, forKey: key) ?? .nan }
        let hasInterval = box.contains(.low) && box.contains(.high)
        self.init(try number(.value), hasInterval ? Interval(try number(.low), try number(.high)) : nil)
    }

    package func encode(to encoder: any Encoder) throws {
        var box = encoder.container(keyedBy: CodingKeys.self)
        func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
        try box.encode(finite(value), forKey: .value)
        guard let interval else { return }
        try box.encode(finite(interval.low), forKey: .low)
        try box.encode(finite(interval.high), forKey: .high)
    }
}
