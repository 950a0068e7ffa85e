extension ComparisonReport {
    /// An arm's mean over the tasks of a size.
    package struct Mean: Sendable, Equatable {
        package var arm: String
        package var size: Int?
        package var estimate: Estimate
        /// Seconds of training for a task, with that of what the arm builds on; nil: it is not trained.
        package var seconds: Double?

        package init(arm: String, size: Int?, _ estimate: Estimate, seconds: Double? = nil) {
            (self.arm, self.size, self.estimate, self.seconds) = (arm, size, estimate, seconds)
        }
    }

    /// By how much one arm is better than another, over all tasks of a size.
    package struct Comparison: Sendable, Equatable {
        package var a: String
        package var b: String
        package var size: Int?
        /// a − b; positive if a is better.
        package var difference: Estimate
        /// As a report shows it: "+1.2 points [−0.4, +2.8]".
        package var text: String
        package var p: Double
        /// After Holm, over all comparisons of the report.
        package var adjusted: Double
        /// The fewest seeds of the two.
        package var seeds: Int

        package init(
            _ a: String, _ b: String, size: Int?, _ difference: Estimate, text: String, p: Double,
            adjusted: Double = .nan, seeds: Int
        ) {
            (self.a, self.b, self.size, self.difference, self.text) = (a, b, size, difference, text)
            (self.p, self.adjusted, self.seeds) = (p, adjusted, seeds)
        }

        /// Whether the difference holds after the correction.
        package var isFound: Bool { adjusted < 0.05 }
    }

    /// What training on all tasks together changes on one of them.
    package struct Gain: Sendable, Equatable, Codable {
        /// Id of the task.
        package var task: String
        package var shared: String
        package var single: String
        /// In the task's own metric; positive if the shared model is better.
        package var difference: Estimate
        package var text: String

        package init(task: String, shared: String, single: String, _ difference: Estimate, text: String) {
            (self.task, self.shared, self.single) = (task, shared, single)
            (self.difference, self.text) = (difference, text)
        }
    }

    /// What a fusion attends to.
    package struct Attention: Sendable, Equatable, Codable {
        package var arm: String
        package var size: Int?
        package var tasks: [String]
        package var adapters: [String]
        /// [tasks, adapters]; each task's sum to 1.
        package var shares: [[Double]]

        package init(arm: String, size: Int?, tasks: [String], adapters: [String], shares: [[Double]]) {
            (self.arm, self.size, self.tasks, self.adapters, self.shares) = (arm, size, tasks, adapters, shares)
        }
    }

    /// How often an arm was found to differ from itself, and what differences can be found.
    package struct Calibration: Sendable, Equatable {
        /// The smallest difference that is found in four of five cases, as a share.
        package struct Detectable: Sendable, Equatable, Codable {
            package var size: Int?
            /// On one task: the median.
            package var task: Double
            /// Of the mean over tasks.
            package var mean: Double

            package init(size: Int?, task: Double, mean: Double) {
                (self.size, self.task, self.mean) = (size, task, mean)
            }
        }

        package var comparisons: Int
        package var rejected: Int
        /// 95 % interval of the rejection rate (Clopper & Pearson 1934).
        package var interval: Interval
        package var detectable: [Detectable]

        package init(comparisons: Int, rejected: Int, interval: Interval, detectable: [Detectable]) {
            (self.comparisons, self.rejected) = (comparisons, rejected)
            (self.interval, self.detectable) = (interval, detectable)
        }

        package var rate: Double { Double(rejected) / Double(max(1, comparisons)) }

        /// Whether 5 % of comparisons of equal arms find a difference as far as one can see, or somewhat fewer.
        package var isSound: Bool { interval.low <= 0.05 && (interval.high >= 0.05 || rate >= 0.02) }
    }
}

private func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }

extension ComparisonReport.Mean: Codable {
    private enum CodingKeys: String, CodingKey { case arm, size, mean, interval, seconds }

    package init(from decoder: any Decoder) throws {
        let box = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            arm: try box.decode(String.self, forKey: .arm), size: try box.decodeIfPresent(Int.self, forKey: .size),
            Estimate(
                try box.decodeIfPresent(Double.self, forKey: .mean) ?? .nan,
                Interval(try box.decodeIfPresent([Double].self, forKey: .interval))),
            seconds: try box.decodeIfPresent(Double.self, forKey: .seconds))
    }

    package func encode(to encoder: any Encoder) throws {
        var box = encoder.container(keyedBy: CodingKeys.self)
        try box.encode(arm, forKey: .arm)
        try box.encode(size, forKey: .size)
        try box.encode(finite(estimate.value), forKey: .mean)
        try box.encode(estimate.interval?.ends, forKey: .interval)
        try box.encodeIfPresent(seconds, forKey: .seconds)
    }
}

extension ComparisonReport.Comparison: Codable {
    private enum CodingKeys: String, CodingKey {
        case a, b, size, difference, interval, text, p, seeds
        case adjusted = "p_adjusted"
    }

    package init(from decoder: any Decoder) throws {
        let box = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            try box.decode(String.self, forKey: .a), try box.decode(String.self, forKey: .b),
            size: try box.decodeIfPresent(Int.self, forKey: .size),
            Estimate(
                try box.decodeIfPresent(Double.self, forKey: .difference) ?? .nan,
                Interval(try box.decodeIfPresent([Double].self, forKey: .interval))),
            text: try box.decode(String.self, forKey: .text),
            p: try box.decodeIfPresent(Double.self, forKey: .p) ?? .nan,
            adjusted: try box.decodeIfPresent(Double.self, forKey: .adjusted) ?? .nan,
            seeds: try box.decode(Int.self, forKey: .seeds))
    }

    package func encode(to encoder: any Encoder) throws {
        var box = encoder.container(keyedBy: CodingKeys.self)
        try box.encode(a, forKey: .a)
        try box.encode(b, forKey: .b)
        try box.encode(size, forKey: .size)
        try box.encode(finite(difference.value), forKey: .difference)
        try box.encode(difference.interval?.ends, forKey: .interval)
        try box.encode(text, forKey: .text)
        try box.encode(finite(p), forKey: .p)
        try box.encode(finite(adjusted), forKey: .adjusted)
        try box.encode(seeds, forKey: .seeds)
    }
}

extension ComparisonReport.Calibration: Codable {
    private enum CodingKeys: String, CodingKey { case comparisons, rejected, rate, interval, detectable }

    package init(from decoder: any Decoder) throws {
        let box = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            comparisons: try box.decode(Int.self, forKey: .comparisons),
            rejected: try box.decode(Int.self, forKey: .rejected),
            interval: Interval(try box.decode([Double].self, forKey: .interval)) ?? Interval(.nan, .nan),
            detectable: try box.decode([Detectable].self, forKey: .detectable))
    }

    package func encode(to encoder: any Encoder) throws {
        var box = encoder.container(keyedBy: CodingKeys.self)
        try box.encode(comparisons, forKey: .comparisons)
        try box.encode(rejected, forKey: .rejected)
        try box.encode(rate, forKey: .rate)
        try box.encode(interval.ends, forKey: .interval)
        try box.encode(detectable, forKey: .detectable)
    }
}

extension Interval {
    fileprivate var ends: [Double?] { [finite(low), finite(high)] }

    fileprivate init?(_ ends: [Double]?) {
        guard let ends, ends.count == 2 else { return nil }
        self.init(ends[0], ends[1])
    }
}
