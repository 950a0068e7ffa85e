/// How often each class was predicted for each true class.
package struct Confusion: Equatable, Sendable {
    package let classes: Int
    /// [gold, predicted], row by row.
    package private(set) var counts: [Int]
    package private(set) var total = 0

    package init(classes: Int) {
        precondition(classes >= 0, "number of classes")
        self.classes = classes
        counts = [Int](repeating: 0, count: classes * classes)
    }

    /// - Parameters:
    ///   - predicted: class indices in 0..<classes
    ///   - gold: as many class indices
    package init(predicted: [Int], gold: [Int], classes: Int) {
        precondition(predicted.count == gold.count, "\(predicted.count) predictions for \(gold.count) examples")
        self.init(classes: classes)
        for (p, g) in zip(predicted, gold) { add(predicted: p, gold: g) }
    }

    package subscript(gold gold: Int, predicted predicted: Int) -> Int { counts[gold * classes + predicted] }

    package mutating func add(predicted: Int, gold: Int, times: Int = 1) {
        precondition((0..<classes).contains(predicted) && (0..<classes).contains(gold), "class index")
        counts[gold * classes + predicted] += times
        total += times
    }

    package mutating func removeAll() {
        for i in counts.indices { counts[i] = 0 }
        total = 0
    }

    /// Per class: how often it was true, how often predicted, how often both.
    package var margins: (gold: [Int], predicted: [Int], correct: [Int]) {
        var gold = [Int](repeating: 0, count: classes)
        var predicted = gold
        var correct = gold
        for g in 0..<classes {
            for p in 0..<classes {
                let count = counts[g * classes + p]
                gold[g] += count
                predicted[p] += count
            }
            correct[g] = counts[g * classes + g]
        }
        return (gold, predicted, correct)
    }
}

/// A score of predicted against true classes, larger is better. One file and one line in `Metrics.builtIn`.
package protocol Metric: Sendable {
    /// As in a task YAML's `metric` and in JSON.
    static var name: String { get }

    /// The score; 0 for no examples at all.
    static func value(_ confusion: Confusion) -> Double
}

extension Metric {
    /// The score of predictions.
    /// - Parameters:
    ///   - predicted: class indices in 0..<classes
    ///   - gold: as many true class indices
    package static func value(predicted: [Int], gold: [Int], classes: Int) -> Double {
        value(Confusion(predicted: predicted, gold: gold, classes: classes))
    }
}

/// The metrics by name; refuses two of one name.
package struct Metrics: Sendable {
    /// Every metric there is. A new one adds its line here.
    package static let builtIn: [any Metric.Type] = [Accuracy.self, MacroF1.self, Matthews.self]

    /// The table of `builtIn`.
    package static let standard: Metrics = {
        do { return try Metrics(builtIn) } catch { preconditionFailure("\(error)") }
    }()

    package let metrics: [any Metric.Type]

    /// - Throws: `TaskError.duplicateName`
    package init(_ metrics: [any Metric.Type]) throws(TaskError) {
        if let name = firstDuplicate(metrics.map { $0.name }) {
            throw .duplicateName(registry: "metrics", name: name)
        }
        self.metrics = metrics
    }

    /// The metric of this name, or nil.
    package subscript(name: String) -> (any Metric.Type)? { metrics.first { $0.name == name } }
}
