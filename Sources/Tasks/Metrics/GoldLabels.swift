/// The true class of each example of a split that is scored, with the labels that the head does not know.
///
/// A head cannot predict a label that it does not know, so such an example counts as wrong: its label is a separate class
/// that is never predicted. Scikit-learn's metrics give the same on the labels' names, with their default classes (all that
/// occur among the true or the predicted ones).
package struct GoldLabels: Equatable, Sendable {
    /// The head's labels, then the unknown ones, sorted by code point.
    package let names: [String]
    /// How many of `names` the head knows; these come first.
    package let known: Int
    /// For each example an index into `names`; nil if it has no label and cannot be scored.
    package let classes: [Int?]
    /// Number of examples whose label the head does not know.
    package let unknown: Int

    /// - Parameters:
    ///   - labels: the known class of each example, −1 if there is none
    ///   - unknownLabels: by index of the example: its label if it is not among the names
    ///   - names: the head's labels
    package init(labels: [Int32], unknownLabels: [Int: String], names: [String]) {
        let others = Set(unknownLabels.values)
            .sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
        let index = Dictionary(uniqueKeysWithValues: zip(others, names.count..<names.count + others.count))
        self.names = names + others
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

    /// A system's answers to the examples that can be scored.
    /// - Parameter predicted: a class of each example of the split
    package func answers(_ predicted: [Int]) -> ClassAnswers {
        precondition(predicted.count == classes.count, "\(predicted.count) predictions for \(classes.count) examples")
        var (chosen, gold): ([Int], [Int]) = ([], [])
        for (p, g) in zip(predicted, classes) {
            guard let g else { continue }
            chosen.append(p)
            gold.append(g)
        }
        return ClassAnswers(predicted: chosen, gold: gold, classes: names.count)
    }
}
