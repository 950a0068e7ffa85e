/// Which class was predicted for which: for people and reports; the metrics need only `ClassCounts`.
package struct ConfusionMatrix: Equatable, Sendable {
    /// True classes, the rows; the first `predicted` of them are the columns too, as only the head's labels are predicted.
    package let labels: [String]
    package let predicted: Int
    /// [true, predicted], a row for each of `labels`.
    package let counts: [[Int]]

    /// So many unknown labels have rows of their own; more share one.
    package static let mostUnknown = 50
    /// The name of that row.
    package static let otherLabels = "(unknown labels)"

    /// - Parameters:
    ///   - predictions: a class of each example
    ///   - gold: the true ones; examples without one do not count
    package init(_ predictions: [Int], _ gold: GoldLabels) {
        let unknown = gold.names.count - gold.known
        let isMerged = unknown > Self.mostUnknown
        labels = isMerged ? Array(gold.names.prefix(gold.known)) + [Self.otherLabels] : gold.names
        predicted = gold.known
        var counts = [[Int]](repeating: [Int](repeating: 0, count: gold.known), count: labels.count)
        for (p, g) in zip(predictions, gold.classes) {
            if let g { counts[min(g, labels.count - 1)][p] += 1 }
        }
        self.counts = counts
    }

    /// A true class and another that was predicted for it.
    package struct Pair: Equatable, Sendable {
        package var gold: String
        package var predicted: String
        package var count: Int
    }

    /// The pairs that occur, the most frequent first.
    package func confusions(most: Int) -> [Pair] {
        var pairs: [(gold: Int, predicted: Int, count: Int)] = []
        for (g, row) in counts.enumerated() {
            for (p, count) in row.enumerated() where p != g && count > 0 { pairs.append((g, p, count)) }
        }
        return pairs.sorted { ($1.count, $0.gold, $0.predicted) < ($0.count, $1.gold, $1.predicted) }.prefix(most)
            .map { Pair(gold: labels[$0.gold], predicted: labels[$0.predicted], count: $0.count) }
    }

    /// The matrix over some classes alone, in this order.
    package func part(_ classes: [Int]) -> (labels: [String], counts: [[Int]]) {
        (
            classes.map { labels[$0] },
            classes.map { g in classes.map { p in p < predicted ? counts[g][p] : 0 } }
        )
    }
}

/// How well one class is told from the others.
package struct ClassScore: Equatable, Sendable {
    package var label: String
    /// Of those predicted as the class, the share that are; 0 where none was predicted.
    package var precision: Double
    /// Of those that are the class, the share predicted as it; 0 where there is none.
    package var recall: Double
    package var f1: Double
    /// Examples of the class.
    package var support: Int
    /// Examples that were predicted as the class.
    package var predicted: Int
    /// Whether the head knows the label.
    package var isKnown: Bool

    /// Of each class, in order; as scikit-learn's `precision_recall_fscore_support(zero_division=0)`.
    package static func all(_ answers: ClusteredBootstrap.Answers, _ gold: GoldLabels) -> [ClassScore] {
        let counts = ClassCounts(predicted: answers.predicted, gold: answers.gold, classes: answers.classes)
        func share(_ part: Int, of whole: Int) -> Double { whole > 0 ? Double(part) / Double(whole) : 0 }
        return gold.names.enumerated().map { c, label in
            ClassScore(
                label: label, precision: share(counts.correct[c], of: counts.predicted[c]),
                recall: share(counts.correct[c], of: counts.gold[c]), f1: counts.f1(c), support: counts.gold[c],
                predicted: counts.predicted[c], isKnown: c < gold.known)
        }
    }
}
