/// The true class of each example of a split that is scored, with the labels that the head does not know.
///
/// A head cannot predict a label that it does not know, so such an example counts as wrong: its label is a class of its
/// own that is never predicted. This is what scikit-learn's metrics give on the labels' names, with the classes that
/// they take by default (all that occur among the true or the predicted ones).
package struct GoldLabels: Equatable, Sendable {
    /// The head's labels, then the unknown ones, sorted by code point.
    package let names: [String]
    /// How many of `names` the head knows.
    package let known: Int
    /// Index into `names` of each example, nil for an example that has no label and cannot be scored.
    package let classes: [Int?]
    /// Examples whose label the head does not know.
    package let unknown: Int

    /// - Parameters:
    ///   - labels: the known class of each example, −1 where there is none
    ///   - unknownLabels: by index of the example: its label where it is not among the names
    ///   - names: the head's labels
    package init(labels: [Int32], unknownLabels: [Int: String], names: [String]) {
        let strangers = Set(unknownLabels.values)
            .sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
        let index = Dictionary(uniqueKeysWithValues: zip(strangers, names.count..<names.count + strangers.count))
        self.names = names + strangers
        known = names.count
        unknown = unknownLabels.count
        classes = labels.enumerated().map { i, label in
            label >= 0 ? Int(label) : unknownLabels[i].flatMap { index[$0] }
        }
    }

    package init(_ examples: [Example], names: [String]) {
        var unknown: [Int: String] = [:]
        for (i, example) in examples.enumerated() where example.label == nil { unknown[i] = example.unknownLabel }
        self.init(labels: examples.map { Int32($0.label ?? -1) }, unknownLabels: unknown, names: names)
    }

    /// Indices of the examples that can be scored.
    package var scored: [Int] { classes.indices.filter { classes[$0] != nil } }

    /// A system's classes for the examples that can be scored, as the metrics and the bootstrap take them.
    /// - Parameter predicted: a class of each example of the split
    package func answers(_ predicted: [Int]) -> ClusteredBootstrap.Answers {
        precondition(predicted.count == classes.count, "\(predicted.count) predictions for \(classes.count) examples")
        var (chosen, gold): ([Int], [Int]) = ([], [])
        for (p, g) in zip(predicted, classes) {
            guard let g else { continue }
            chosen.append(p)
            gold.append(g)
        }
        return .init(predicted: chosen, gold: gold, classes: names.count)
    }
}
