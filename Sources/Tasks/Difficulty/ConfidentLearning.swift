/// Finds labels that are likely wrong from out-of-sample probabilities (confident learning; Northcutt, Jiang & Chuang 2021).
///
/// A class's threshold is the mean probability of the class over the examples that have it as label. An example counts for
/// class j if p(j) is at least j's threshold; of several such classes, the most probable one. Where that is not the label,
/// the example is off the diagonal of the confident joint: its label is likely wrong, unless it is the most probable class
/// all the same (as in cleanlab's filter `confident_learning`).
package enum ConfidentLearning {
    /// An example whose label is likely wrong.
    package struct Issue: Sendable, Equatable {
        /// Index among the examples.
        package var example: Int
        /// The class that it likely is.
        package var suggested: Int
        /// The probability of its label: the lower, the more likely it is wrong.
        package var confidence: Double
    }

    /// - Parameters:
    ///   - labels: the class of each example, in 0..<classes
    ///   - probabilities: [examples][classes], each from a model that was not fitted to the example
    ///   - classes: number of classes
    /// - Returns: the least confident label first; a class without examples is never suggested
    package static func issues(labels: [Int], probabilities: [[Float]], classes: Int) -> [Issue] {
        var (sums, counts) = ([Double](repeating: 0, count: classes), [Int](repeating: 0, count: classes))
        for (label, row) in zip(labels, probabilities) {
            sums[label] += Double(row[label])
            counts[label] += 1
        }
        let thresholds = zip(sums, counts).map { $1 > 0 ? $0 / Double($1) : .infinity }
        let issues = zip(labels, probabilities).enumerated().compactMap { example, pair -> Issue? in
            let (label, row) = pair
            let confident = row.indices.filter { Double(row[$0]) >= thresholds[$0] - 1e-6 }
            guard let best = confident.max(by: { (row[$0], $1) < (row[$1], $0) }), best != label,
                row.indices.max(by: { (row[$0], $1) < (row[$1], $0) }) != label
            else { return nil }
            return Issue(example: example, suggested: best, confidence: Double(row[label]))
        }
        return issues.sorted { ($0.confidence, $0.example) < ($1.confidence, $1.example) }
    }
}
