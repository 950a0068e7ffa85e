import Foundation
import Tasks

/// How hard the examples of a split are for a trained head, and which of their labels are likely wrong.
package struct Difficulty: Sendable {
    /// One scored example.
    package struct Row: Sendable {
        package var example: Example
        /// The example's label and the predicted one.
        package var label: Int
        package var predicted: Int
        /// The head's probability of the label.
        package var probability: Float
        /// `UsableInformation`
        package var bits: Double
        /// Words of its texts.
        package var words: Int
        /// The probability of the label by a model that was fitted to other examples; nil: there were too few for one.
        package var outOfSample: Float?
        /// The class that it likely is; nil: the label is likely right.
        package var suggested: Int?
    }

    /// Examples of about the same difficulty.
    package struct Stratum: Sendable {
        /// By what it was chosen: `information` or `length`.
        package var by: String
        /// Least and largest value, in bits or words.
        package var range: ClosedRange<Double>
        package var examples: Int
        /// The task's metric; NaN interval for too few examples.
        package var score: Interval
    }

    /// In the order of the split.
    package var rows: [Row]
    /// The mean of the rows' information with its interval.
    package var information: Interval
    package var strata: [Stratum]
    /// Whether the shares of labels without input are those of the train split; else of the split itself.
    package var usesTrainingLabels: Bool
    /// Examples that have no label, or one that the head does not know.
    package var unlabeled: Int

    /// Likely label errors, the surest first.
    package var issues: [Row] {
        rows.enumerated().filter { $0.element.suggested != nil }
            .sorted { ($0.element.outOfSample ?? 1, $0.offset) < ($1.element.outOfSample ?? 1, $1.offset) }
            .map(\.element)
    }

    /// Groups of equal size by a value, least first; equal values stay together.
    /// - Returns: row numbers
    static func groups(_ values: [Double], count: Int) -> [[Int]] {
        let order = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
        var groups: [[Int]] = []
        var start = 0
        for group in 1...max(1, count) {
            var end = max(start, order.count * group / count)
            while end > 0, end < order.count, values[order[end]] == values[order[end - 1]] { end += 1 }
            if end > start { groups.append(Array(order[start..<end])) }
            start = end
        }
        return groups
    }
}
