/// A value with the interval in which it lies with some confidence.
package struct Interval: Equatable, Sendable {
    /// On the examples as they are, not the resamples' mean.
    package var value: Double
    package var low: Double
    package var high: Double

    package init(value: Double, low: Double, high: Double) {
        self.value = value
        self.low = low
        self.high = high
    }

    /// Whether the interval leaves out 0; of a difference: whether it is beyond noise.
    package var excludesZero: Bool { low > 0 || high < 0 }
}

/// Percentile bootstrap over examples (Efron 1979). The same seed and data give the same interval on any machine.
package enum Bootstrap {
    /// A metric's interval.
    ///
    /// - Parameters:
    ///   - predicted: class indices in 0..<classes
    ///   - gold: as many true class indices
    ///   - confidence: share of resamples inside, in 0...1
    ///   - resamples: how many, at least 1
    package static func interval(
        _ metric: any Metric.Type, predicted: [Int], gold: [Int], classes: Int, resamples: Int = 1000,
        confidence: Double = 0.95, seed: UInt64
    ) -> Interval {
        let value = metric.value(predicted: predicted, gold: gold, classes: classes)
        guard !gold.isEmpty else { return Interval(value: value, low: value, high: value) }
        var counts = ClassCounts(classes: classes)
        let values = (0..<max(1, resamples)).map { resample in
            counts.removeAll()
            draw(gold.count, resample: resample, seed: seed) {
                counts.add(predicted: predicted[$0], gold: gold[$0])
            }
            return metric.value(counts)
        }
        return percentiles(values, around: value, confidence: confidence)
    }

    /// The interval of metric(a) − metric(b), both scored on the same resampled examples.
    ///
    /// - Parameters:
    ///   - a: one system's class indices, in 0..<classes
    ///   - b: the other's, for the same examples
    ///   - gold: the true class indices
    package static func pairedDifference(
        _ metric: any Metric.Type, _ a: [Int], _ b: [Int], gold: [Int], classes: Int, resamples: Int = 1000,
        confidence: Double = 0.95, seed: UInt64
    ) -> Interval {
        let value =
            metric.value(predicted: a, gold: gold, classes: classes)
            - metric.value(predicted: b, gold: gold, classes: classes)
        guard !gold.isEmpty else { return Interval(value: value, low: value, high: value) }
        var first = ClassCounts(classes: classes)
        var second = first
        let values = (0..<max(1, resamples)).map { resample in
            first.removeAll()
            second.removeAll()
            draw(gold.count, resample: resample, seed: seed) {
                first.add(predicted: a[$0], gold: gold[$0])
                second.add(predicted: b[$0], gold: gold[$0])
            }
            return metric.value(first) - metric.value(second)
        }
        return percentiles(values, around: value, confidence: confidence)
    }

    /// The value below which a share of the sorted values lies, interpolated (NumPy's default).
    package static func quantile(_ sorted: [Double], _ share: Double) -> Double {
        guard let last = sorted.last else { return 0 }
        let position = min(max(share, 0), 1) * Double(sorted.count - 1)
        let below = Int(position)
        guard below + 1 < sorted.count else { return last }
        return sorted[below] + (position - Double(below)) * (sorted[below + 1] - sorted[below])
    }

    private static func percentiles(_ values: [Double], around value: Double, confidence: Double) -> Interval {
        let sorted = values.sorted()
        let tail = (1 - confidence) / 2
        return Interval(value: value, low: quantile(sorted, tail), high: quantile(sorted, 1 - tail))
    }

    /// Draws `count` indices of 0..<count with replacement: a function of seed, resample and place alone.
    package static func draw(_ count: Int, resample: Int, seed: UInt64, _ body: (Int) -> Void) {
        let start = mixed(seed &+ mixed(UInt64(resample)))
        for place in 0..<count {
            let bits = mixed(start &+ UInt64(place) &* 0x9E37_79B9_7F4A_7C15)
            body(Int(bits.multipliedFullWidth(by: UInt64(count)).high))
        }
    }

    /// SplitMix64's step and finaliser (Steele, Lea and Flood 2014).
    static func mixed(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
