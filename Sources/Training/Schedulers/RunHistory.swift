/// What has happened in a run so far, as a scheduler may look at it. A resumed run has the same.
package struct RunHistory: Sendable, Equatable {
    /// Loss of each step, skipped ones apart.
    package var losses: [Double] = []
    /// Mean loss of each task in the last step that trained it, by the task's name, without the balancer's coefficient.
    package var taskLosses: [String: Double] = [:]
    /// Dev scores (`Evaluation.score`) by task, of each epoch that was scored.
    package var dev: [[String: Double]] = []
}
