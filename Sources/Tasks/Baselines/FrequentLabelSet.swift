/// Always predicts the set of labels that is most frequent in the training split; of equally frequent ones the smallest, then the
/// one with the first labels. The empty set is one of them.
package enum FrequentLabelSet: Baseline {
    package static let label = "most frequent label set"

    package static func answers(_ data: TaskData, metric: any Metric.Type) -> (any Answers)? {
        var counts: [[Int]: Int] = [:]
        for case let set? in data.train.map({ $0.labelSet?.labels }) { counts[set, default: 0] += 1 }
        let sorted = counts.sorted { a, b in
            (b.value, a.key.count) != (a.value, b.key.count)
                ? (b.value, a.key.count) < (a.value, b.key.count) : a.key.lexicographicallyPrecedes(b.key)
        }
        guard let best = sorted.first?.key else { return nil }
        return GoldLabelSets(data.test, names: data.labels).answers(data.test.map { _ in best })
    }
}
