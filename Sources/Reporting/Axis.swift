import Foundation

/// A number line: its ends, round ticks between them, and where a value falls.
struct Axis: Sendable, Equatable {
    let low: Double
    let high: Double
    let ticks: [Double]
    /// Digits after the point that tell one tick from the next.
    let decimals: Int

    /// An axis over values, widened to whole ticks.
    /// - Parameters:
    ///   - values: what it must hold; those that are not finite are passed over
    ///   - count: about how many ticks
    ///   - bounds: values that the widening does not pass (0...1 for scores), unless the data does
    ///   - tight: ends at the values' own ends; ticks stand between them
    init(
        _ values: some Sequence<Double>, ticks count: Int = 5, bounds: ClosedRange<Double>? = nil, tight: Bool = false
    ) {
        // ±1e300 keeps differences finite.
        let finite = values.filter { $0.isFinite && $0.magnitude < 1e300 }
        var least = finite.min() ?? 0
        var most = finite.max() ?? 1
        if most - least <= max(least.magnitude, most.magnitude) * 1e-9 {
            let room = least == 0 ? 0.5 : least.magnitude * 0.1
            least -= room
            most += room
        }
        let step = Axis.niceStep((most - least) / Double(max(1, count)))
        var first = (least / step).rounded(.down)
        var last = (most / step).rounded(.up)
        if let bounds {
            if finite.allSatisfy({ $0 >= bounds.lowerBound }) {
                first = max(first, (bounds.lowerBound / step).rounded(.up))
            }
            if finite.allSatisfy({ $0 <= bounds.upperBound }) {
                last = min(last, (bounds.upperBound / step).rounded(.down))
            }
        }
        if tight, (most / step).rounded(.down) > (least / step).rounded(.up) {
            first = (least / step - 1e-9).rounded(.up)
            last = (most / step + 1e-9).rounded(.down)
        }
        let steps = max(1, Int(min(100, last - first)))
        let ends = (first * step, (first + Double(steps)) * step)
        ticks = (0...steps).map { (first + Double($0)) * step }
        low = min(ends.0, least)
        high = max(ends.1, most)
        decimals = max(0, min(12, -Int(floor(log10(step) + 1e-9)) + (Axis.isQuarter(step) ? 1 : 0)))
    }

    /// The smallest of 1, 2, 2.5, 5 × a power of ten that is not below a number.
    static func niceStep(_ raw: Double) -> Double {
        guard raw.isFinite, raw > 0 else { return 1 }
        let power = pow(10, floor(log10(raw)))
        for factor in [1, 2, 2.5, 5] where factor * power >= raw * (1 - 1e-9) { return factor * power }
        return 10 * power
    }

    /// Where a value falls, 0 at the low end and 1 at the high one; kept within.
    func position(_ value: Double) -> Double {
        guard value.isFinite, high > low else { return 0 }
        return min(1, max(0, (value - low) / (high - low)))
    }

    /// What stands at a tick: "0.25", "1,500", "20 M".
    func label(_ value: Double) -> String {
        let size = max(low.magnitude, high.magnitude)
        if size >= 1e15 || (size < 1e-4 && size > 0) { return String(format: "%.1e", value) }
        if decimals == 0 {
            return size >= 10_000
                ? Human.compact(Int(value.rounded())).replacingOccurrences(of: ".0 ", with: " ")
                : Human.count(value)
        }
        let text = String(format: "%.\(decimals)f", value)
        return Double(text) == 0 ? String(format: "%.\(decimals)f", 0.0) : text
    }

    private static func isQuarter(_ step: Double) -> Bool {
        let lead = step / pow(10, floor(log10(step) + 1e-9))
        return (lead - 2.5).magnitude < 1e-6
    }
}
