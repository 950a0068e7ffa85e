import Reporting
import Training

/// What an experiment runs with beside its plan; nothing here shapes a result.
package struct ExperimentEnvironment {
    package var progress: ProgressReporter
    /// Seconds between checkpoints of the training that runs; 0: after every step.
    package var checkpointEvery = 60.0
    /// A training that will take more is refused before its first step.
    package var memoryLimit: MemoryLimit?
    /// Asked before every step: whether to end with `TrainingError.stopped`.
    package var stops: @Sendable () -> Bool = { false }
    /// For the report.
    package var command = ""

    package init(progress: ProgressReporter) { self.progress = progress }
}

extension ProgressReporter {
    /// Shows the news of a training under its label.
    func show(_ event: TrainingEvent, _ label: String) {
        switch event {
        case .started(let steps, _): stage(label, total: steps)
        case .step(let done, _, let loss, let tokens): update(done: done, loss: loss, tokens: tokens)
        case .finished: finish()
        case .resumed(let done, let steps): message("\(label): resuming after step \(done) of \(steps)")
        case .warning(let text): message("\(label): warning: \(text)")
        case .skipped, .epoch: break
        }
    }
}
