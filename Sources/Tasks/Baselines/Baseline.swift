/// A simple method that a trained model should beat.
package protocol Baseline: Sendable {
    /// As reports name it.
    static var label: String { get }

    /// The method's answers to the test split, fitted to the training split.
    /// - Parameter metric: what settings are chosen by on dev
    /// - Returns: nil if the training split has nothing to learn from
    static func answers(_ data: TaskData, metric: any Metric.Type) -> (any Answers)?
}

/// The baselines of a kind of task.
package struct Baselines: Sendable {
    /// The same answer to everything; nil: there is none.
    package var constant: (any Baseline.Type)?
    /// The classic method without a neural network; nil: there is none.
    package var classic: (any Baseline.Type)?

    package static let classification = Baselines(constant: MajorityClass.self, classic: TFIDFLogisticRegression.self)
}
