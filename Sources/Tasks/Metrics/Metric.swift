/// A score of predicted against true classes, larger is better. One file and one line in `Metrics.builtIn`.
package protocol Metric: Sendable {
    /// As in a task YAML's `metric` and in JSON.
    static var name: String { get }

    /// The score; 0 for no examples at all.
    static func value(_ counts: ClassCounts) -> Double
}

extension Metric {
    /// The score of predictions.
    /// - Parameters:
    ///   - predicted: class indices in 0..<classes
    ///   - gold: as many true class indices
    package static func value(predicted: [Int], gold: [Int], classes: Int) -> Double {
        value(ClassCounts(predicted: predicted, gold: gold, classes: classes))
    }
}

/// The metrics by name; refuses two of one name.
package struct Metrics: Sendable {
    /// Every metric there is. A new one adds its line here.
    package static let builtIn: [any Metric.Type] = [
        Accuracy.self, MacroF1.self, MicroF1.self, WeightedF1.self, Matthews.self,
    ]

    /// Names of those that fit kinds with one label an example, the default first.
    package static let classification = [
        Accuracy.name, MacroF1.name, MicroF1.name, WeightedF1.name, Matthews.name,
    ]

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

    package var names: [String] { metrics.map { $0.name } }

    /// The metric that a task asks for.
    /// - Throws: `TaskError.badValue`
    package func metric(of definition: TaskDefinition) throws(TaskError) -> any Metric.Type {
        if let metric = self[definition.metric] { return metric }
        throw .badValue(
            file: definition.source, line: 1, key: "metric", found: "'\(shown(definition.metric))'",
            expected: "one of \(names.joined(separator: ", "))")
    }
}
