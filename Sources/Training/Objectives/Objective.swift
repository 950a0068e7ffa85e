import Models
import Numerics

/// What a task's texts are trained for: the way from them to a loss, what a batch of them holds, and how dev is scored.
///
/// A new objective is one file that conforms to this; the training loop, its checkpoints and its memory estimate know no
/// other.
package protocol Objective: Sendable {
    /// The plan from a batch to its loss.
    /// - Parameters:
    ///   - head: index of the task among the run's.
    ///   - train: what it will be trained on.
    func plan(_ network: Network, head: Int, train: EncodedExamples, settings: TrainingSettings) throws -> LossPlan

    /// Some examples as the plan takes them.
    /// - Parameters:
    ///   - longest: pieces that are taken of an example at most.
    ///   - stepKey: what random choices of a step are made by.
    func batch(_ indices: [Int], of examples: EncodedExamples, task: Int, longest: Int, stepKey: UInt64)
        -> PackedBatch

    /// What `Evaluation.score` is: it decides which epoch is kept, and so belongs to a run's identity.
    var criterion: String { get }

    /// Scores a split; a higher `Evaluation.score` is better.
    func scorer(_ network: Network, head: Int, workspace: Workspace) throws -> (EncodedExamples) -> Evaluation
}

/// A plan with its loss.
package struct LossPlan {
    package let plan: Plan
    /// Its sum is the batch's mean loss.
    package let loss: Value

    /// Forward and backward over a batch; gradients are in the parameters then.
    /// - Returns: the mean loss, regularisers included.
    package func step(_ batch: PackedBatch, workspace: Workspace, stepKey: UInt64?) -> Double {
        let results = plan.run(batch, workspace: workspace, stepKey: stepKey)
        return results.values(loss).reduce(0.0) { $0 + Double($1) } + plan.parameterLoss()
    }
}
