import Training

/// News of an experiment, in order; who runs it shows them.
package enum ExperimentNews: Sendable {
    /// So many trainings make the experiment, those included that are finished already.
    case planned(trainings: Int)
    /// A stage of so many units begins; one that is still open ends.
    case stage(String, count: Int, unit: String)
    /// So many units of the stage are done. Loss and tokens are a training's.
    case step(Int, of: Int, loss: Double?, tokens: Int?)
    case stageFinished
    /// What is left of all trainings will take about so long from now on.
    case remaining(seconds: Double)
    case message(String)
    /// Something that a user should know. `stage`: the training's label; nil: the data.
    case warning(String, stage: String?)

    /// News of a training under its label; nil: none of an experiment.
    init?(_ event: TrainingEvent, _ label: String) {
        switch event {
        case .started(let steps, _): self = .stage(label, count: steps, unit: "steps")
        case .step(let done, let all, let loss, let tokens): self = .step(done, of: all, loss: loss, tokens: tokens)
        case .finished: self = .stageFinished
        case .resumed(let done, let steps): self = .message("\(label): resuming after step \(done) of \(steps)")
        case .warning(let text): self = .warning(text, stage: label)
        case .skipped, .epoch: return nil
        }
    }
}
