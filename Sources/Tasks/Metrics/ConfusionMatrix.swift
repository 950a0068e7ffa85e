/// Which class was predicted for which, for reports. The metrics need only `ClassCounts`.
package struct ConfusionMatrix: Equatable, Sendable {
    /// The true classes, which are the rows. The first `predicted` of them are the columns, since only the head's labels
    /// are predicted.
    package let labels: [String]
    package let predicted: Int
    /// [true, predicted], a row for each of `labels`.
    package let counts: [[Int]]

    /// Up to this number, unknown labels have a row each; more of them share one row.
    package static let mostUnknown = 50
    /// The name of the shared row.
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

    /// The matrix restricted to some classes, in this order.
    package func part(_ classes: [Int]) -> (labels: [String], counts: [[Int]]) {
        (
            classes.map { labels[$0] },
            classes.map { g in classes.map { p in p < predicted ? counts[g][p] : 0 } }
        )
    }
}

/// The scores of one class against all others.
package struct ClassScore: Equatable, Sendable {
    package var label: String
    /// The share of right examples among those predicted as the class; 0 if there are none.
    package var precision: Double
    /// The share of examples of the class that were predicted as it; 0 if there are none.
    package var recall: Double
    package var f1: Double
    /// Examples of the class.
    package var support: Int
    /// Examples that were predicted as the class.
    package var predicted: Int
    /// Whether the head knows the label.
    package var isKnown: Bool

    /// For each class, in order; as scikit-learn's `precision_recall_fscore_support(zero_division=0)`.
    package static func all(_ answers: ClassAnswers, _ gold: GoldLabels) -> [ClassScore] {
        all(ClassCounts(of: answers), names: gold.names, known: gold.known)
    }

    /// - Parameters:
    ///   - names: of the classes
    ///   - known: how many of them the head knows; these come first
    package static func all(_ counts: ClassCounts, names: [String], known: Int) -> [ClassScore] {
        func share(_ part: Int, of whole: Int) -> Double { whole > 0 ? Double(part) / Double(whole) : 0 }
        return names.enumerated().map { c, label in
            ClassScore(
                label: label, precision: share(counts.correct[c], of: counts.predicted[c]),
                recall: share(counts.correct[c], of: counts.gold[c]), f1: counts.f1(c), support: counts.gold[c],
                predicted: counts.predicted[c], isKnown: c < known)
        }
    }
}
