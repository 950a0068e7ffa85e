/// What a model predicted for the scored examples of a split, beside what the data says: all that a metric needs.
///
/// Examples that cannot be scored are not among the answers. There is one type for each form of output.
package protocol Answers: Sendable {
    /// Number of scored examples.
    var count: Int { get }
}

/// One class for each example.
package struct ClassAnswers: Answers, Equatable {
    /// Class indices in 0..<classes.
    package var predicted: [Int]
    /// The true classes. Classes that the head does not know come after those that it knows.
    package var gold: [Int]
    package var classes: Int

    package var count: Int { gold.count }

    /// - Parameters:
    ///   - predicted: class indices in 0..<classes
    ///   - gold: as many true class indices
    package init(predicted: [Int], gold: [Int], classes: Int) {
        precondition(predicted.count == gold.count, "\(predicted.count) predictions for \(gold.count) examples")
        self.predicted = predicted
        self.gold = gold
        self.classes = classes
    }
}

/// One tag for each word of each example.
package struct TagAnswers: Answers, Equatable {
    /// For each example the tags of its words. A word that was truncated has a predicted tag too: "O", or the head's
    /// first label if it has no "O".
    package var predicted: [[String]]
    /// For each example as many true tags.
    package var gold: [[String]]

    package var count: Int { gold.count }

    package init(predicted: [[String]], gold: [[String]]) {
        precondition(
            predicted.count == gold.count && zip(predicted, gold).allSatisfy { $0.count == $1.count },
            "predicted and true tags differ in number")
        self.predicted = predicted
        self.gold = gold
    }
}

/// One or several numbers for each example.
package struct NumberAnswers: Answers, Equatable {
    /// For each example one value per output.
    package var predicted: [[Double]]
    /// For each example as many true values; nil where one is missing.
    package var gold: [[Double?]]

    package var count: Int { gold.count }

    /// Number of outputs.
    package var columns: Int { gold.first?.count ?? 0 }

    package init(predicted: [[Double]], gold: [[Double?]]) {
        precondition(
            predicted.count == gold.count && zip(predicted, gold).allSatisfy { $0.count == $1.count },
            "predicted and true values differ in number")
        self.predicted = predicted
        self.gold = gold
    }
}
