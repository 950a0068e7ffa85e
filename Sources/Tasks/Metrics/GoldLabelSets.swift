/// The true labels of each example of a split that is scored, with the labels that the head does not know.
///
/// A head cannot predict a label that it does not know: such a label is one more class that is missed wherever it is true.
/// Scikit-learn's metrics give the same on indicators of all labels that occur.
package struct GoldLabelSets: Equatable, Sendable {
    /// The head's labels, then the unknown ones, sorted by code point.
    package let names: [String]
    /// How many of `names` the head knows; these come first.
    package let known: Int
    /// For each example indices into `names`, ascending; nil if it has no answer and cannot be scored.
    package let sets: [[Int]?]
    /// Number of examples with a label that the head does not know.
    package let unknown: Int

    /// - Parameters:
    ///   - examples: of each its labels, or nil if it has none at all
    ///   - names: the head's labels
    package init(_ examples: [LabelSet?], names: [String]) {
        let others = Set(examples.flatMap { $0?.unknown ?? [] })
            .sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
        let index = Dictionary(uniqueKeysWithValues: zip(others, names.count..<names.count + others.count))
        self.names = names + others
        known = names.count
        unknown = examples.count { $0.map { !$0.unknown.isEmpty } ?? false }
        sets = examples.map { example in
            example.flatMap { example in
                example.labels.map { ($0 + example.unknown.compactMap { index[$0] }).sorted() }
            }
        }
    }

    package init(_ examples: [Example], names: [String]) { self.init(examples.map(\.labelSet), names: names) }

    /// Indices of the examples that can be scored.
    package var scored: [Int] { sets.indices.filter { sets[$0] != nil } }

    /// A system's answers to the examples that can be scored.
    /// - Parameter predicted: the labels of each example of the split
    package func answers(_ predicted: [[Int]]) -> LabelSetAnswers {
        precondition(predicted.count == sets.count, "\(predicted.count) predictions for \(sets.count) examples")
        let scored = zip(predicted, sets).compactMap { p, g in g.map { (p, $0) } }
        return LabelSetAnswers(predicted: scored.map { $0.0 }, gold: scored.map { $0.1 }, classes: names.count)
    }
}
