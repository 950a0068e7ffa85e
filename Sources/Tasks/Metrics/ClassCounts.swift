/// How often each class was the true one, was predicted, and both. This is all that the metrics of classification need,
/// and its memory grows with the number of classes, not with its square.
package struct ClassCounts: Statistics, Equatable {
    package let classes: Int
    /// Whether a mean over classes counts those that are neither true nor predicted (with an F1 of 0), as scikit-learn does
    /// for sets of labels; for one class an example, its classes are those that occur.
    package let countsAbsent: Bool
    /// How often each class was the true one.
    package private(set) var gold: [Int]
    /// How often each class was predicted.
    package private(set) var predicted: [Int]
    /// How often each class was predicted where it was the true one.
    package private(set) var correct: [Int]
    package private(set) var total = 0

    package init(classes: Int, countsAbsent: Bool = false) {
        precondition(classes >= 0, "number of classes")
        self.classes = classes
        self.countsAbsent = countsAbsent
        gold = [Int](repeating: 0, count: classes)
        predicted = gold
        correct = gold
    }

    package init(for answers: any CountedAnswers) {
        self.init(classes: answers.classes, countsAbsent: !type(of: answers).isExclusive)
    }

    package static func count(of answers: any CountedAnswers) -> Int { answers.count }

    /// The counts of all answers.
    package init(of answers: any CountedAnswers) {
        self.init(for: answers)
        for i in 0..<answers.count { answers.count(i, times: 1, in: &self) }
    }

    package mutating func add(_ example: Int, of answers: any CountedAnswers, times: Int) {
        answers.count(example, times: times, in: &self)
    }

    package mutating func add(predicted p: Int, gold g: Int, times: Int = 1) {
        precondition((0..<classes).contains(p) && (0..<classes).contains(g), "class index")
        gold[g] += times
        predicted[p] += times
        if p == g { correct[g] += times }
        total += times
    }

    /// Adds an example with two sets of classes, each ascending.
    package mutating func add(predicted: [Int], gold: [Int], times: Int = 1) {
        for c in gold { self.gold[c] += times }
        for c in predicted {
            self.predicted[c] += times
            if gold.contains(c) { correct[c] += times }
        }
        total += times
    }

    package mutating func removeAll() {
        for c in 0..<classes { (gold[c], predicted[c], correct[c]) = (0, 0, 0) }
        total = 0
    }

    /// F1 = 2·correct / (true + predicted) of a class; 0 if it occurs in neither.
    package func f1(_ c: Int) -> Double {
        let both = gold[c] + predicted[c]
        return both > 0 ? 2 * Double(correct[c]) / Double(both) : 0
    }
}
