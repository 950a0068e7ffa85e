import Ablation
import Foundation

/// News of an experiment.
public enum ExperimentEvent: Sendable {
    /// The experiment consists of so many trainings, those included that an earlier run in its folder has finished.
    case planned(trainings: Int)
    /// A stage begins, such as a training or the tests of its bundle: its label, how many units it has, and what they are
    /// (`steps`, `tasks` or `cells`). A stage that is still open ends.
    case stage(String, count: Int, unit: String)
    /// A unit of the stage is done: its number from 1, how many there are, and in a training the loss and the tokens so far.
    case step(Int, of: Int, loss: Double?, tokens: Int?)
    /// The stage has ended.
    case stageFinished
    /// What is left of all trainings will take about so long from now on, in this process alone.
    case remaining(seconds: Double)
    /// A line for people: the budget, an estimate of the time, a training that was finished before or is resumed.
    case message(String)
    /// Something that a user should know; `stage` is the label of the training that it is about, or nil if it is about data.
    case warning(Warning, stage: String?)
    /// The experiment was cancelled after step `step` of a training, whose state is in the checkpoint. It is the last event.
    case stopped(step: Int, of: Int, checkpoint: URL?)
    /// The experiment has ended. It is the last event.
    case finished(ExperimentResult)

    init(_ news: ExperimentNews) {
        self =
            switch news {
            case .planned(let trainings): .planned(trainings: trainings)
            case .stage(let label, let count, let unit): .stage(label, count: count, unit: unit)
            case .step(let done, let all, let loss, let tokens): .step(done, of: all, loss: loss, tokens: tokens)
            case .stageFinished: .stageFinished
            case .remaining(let seconds): .remaining(seconds: seconds)
            case .message(let text): .message(text)
            case .warning(let text, let stage): .warning(.of(stage == nil ? .data : .training, text), stage: stage)
            }
    }
}

/// What an experiment came to.
public struct ExperimentResult: Sendable {
    /// The comparison in tables, charts and words. Its ``Report/values`` have every score: `rows` of ``Model/ablate(_:in:options:)``,
    /// `scores` of ``Model/transfer(_:from:to:data:in:sourceModel:options:)``.
    public let report: Report
    /// The file report.html in the experiment's folder; report.md and report.json are beside it.
    public let page: URL
    /// What a user should know.
    public let warnings: [Warning]
}
