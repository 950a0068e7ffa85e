/// How often each class was the true one, was predicted, and both. This is all that the metrics of classification need,
/// and its memory grows with the number of classes, not with its square.
package struct ClassCounts: Statistics, Equatable {
    package let classes: Int
    /// How often each class was the true one.
    package private(set) var gold: [Int]
    /// How often each class was predicted.
    package private(set) var predicted: [Int]
    /// How often each class was predicted where it was the true one.
    package private(set) var correct: [Int]
    package private(set) var total = 0

    package init(classes: Int) {
        precondition(classes >= 0, "number of classes")
        self.classes = classes
        gold = [Int](repeating: 0, count: classes)
        predicted = gold
        correct = gold
    }

    package init(for answers: ClassAnswers) { self.init(classes: answers.classes) }

    /// The counts of all answers.
    package init(of answers: ClassAnswers) {
        self.init(for: answers)
        for (p, g) in zip(answers.predicted, answers.gold) { add(predicted: p, gold: g) }
    }

    package mutating func add(_ example: Int, of answers: ClassAnswers, times: Int) {
        add(predicted: answers.predicted[example], gold: answers.gold[example], times: times)
    }

    package mutating func add(predicted p: Int, gold g: Int, times: Int = 1) {
        precondition((0..<classes).contains(p) && (0..<classes).contains(g), "class index")
        gold[g] += times
        predicted[p] += times
        if p == g { correct[g] += times }
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
