/// News of a run.
package enum TrainingEvent: Sendable {
    /// `tokens`: of the tasks' texts, once an epoch.
    case started(steps: Int, tokens: Int)
    /// Continues from a checkpoint.
    case resumed(done: Int, of: Int)
    case step(done: Int, of: Int, loss: Double, tokens: Int)
    /// A step whose loss or gradient is not finite is skipped.
    case skipped(step: Int, found: String)
    /// Something that a user should know, and that stops nothing.
    case warning(String)
    /// `weights`: of the tasks' losses by now; empty where they are all 1.
    case epoch(Int, dev: [String: Evaluation], best: Bool, weights: [String: Double])
    case finished
}

/// What a run was and reached.
package struct TrainingResult: Sendable {
    package var steps = 0
    /// Epochs that were run.
    package var epochs = 0
    /// Real tokens that were trained on.
    package var tokens = 0
    /// Seconds spent in steps, evaluation apart.
    package var seconds = 0.0
    /// Dev scores of the state that was kept, by task.
    package var dev: [String: Evaluation] = [:]
    /// The epoch whose state was kept, from 0; nil: the last one, without a choice.
    package var bestEpoch: Int?
    /// Dev scores (`Evaluation.score`) by task, of each epoch that was scored.
    package var devScores: [[String: Double]] = []
    /// Steps that were skipped because their loss or gradient was not finite.
    package var skipped = 0
    /// Loss of each step, those that were left out apart.
    package var losses: [Double] = []
    /// Training examples of each task that steps were trained on, by the training task's name.
    package var examples: [String: Int] = [:]
    /// Angles between the tasks' gradients, where they were measured.
    package var cosines: [GradientCosines] = []
    /// What each task's loss counted for in the state that was kept, by task.
    package var weights: [String: Double] = [:]
    /// What was kept of frozen layers; nil: no layer is frozen, or nothing would have been read again.
    package var cached: CachedActivations?

    package init() {}

    package var tokensPerSecond: Double { seconds > 0 ? Double(tokens) / seconds : 0 }
}
