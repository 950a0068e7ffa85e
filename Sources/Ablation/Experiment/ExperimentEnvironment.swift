import Training

/// What an experiment runs with beside its plan; nothing here shapes a result.
package struct ExperimentEnvironment {
    /// Gets the news.
    package var tell: @Sendable (ExperimentNews) -> Void = { _ in }
    /// Seconds between checkpoints of the training that runs; 0: after every step.
    package var checkpointEvery = 60.0
    /// A training that will take more is refused before its first step.
    package var memoryLimit: MemoryLimit?
    /// Asked before every step, and while it waits for other processes: whether to end with `TrainingError.stopped` or
    /// `CancellationError`.
    package var stops: @Sendable () -> Bool = { false }
    /// What runs it, for other processes that wait for its trainings.
    package var who = "amalgam"
    /// For the report.
    package var command: String?

    package init() {}

    /// Runs a stage that counts something else than steps.
    /// - Parameter body: is called with each place
    func stage(_ label: String, count: Int, unit: String, _ body: (Int) throws -> Void) rethrows {
        tell(.stage(label, count: count, unit: unit))
        for i in 0..<count {
            try body(i)
            tell(.step(i + 1, of: count, loss: nil, tokens: nil))
        }
        tell(.stageFinished)
    }
}
