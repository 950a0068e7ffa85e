import Models
import Numerics

/// What a task's texts are trained for: the plan from a batch to its loss, what a batch holds, and how dev is scored.
///
/// A new objective is one file that conforms to this; the training loop, its checkpoints and its memory estimate know no
/// other.
package protocol Objective: Sendable {
    /// The plan from a batch to its loss.
    func plan(_ network: Network, settings: TrainingSettings) throws -> LossPlan

    /// Some examples as the plan takes them.
    /// - Parameters:
    ///   - longest: tokens that are taken of an example at most.
    ///   - stepKey: what random choices of a step are made by.
    func batch(_ indices: [Int], of examples: EncodedExamples, task: Int, longest: Int, stepKey: UInt64)
        -> PackedBatch

    /// What `Evaluation.score` is: it decides which epoch is kept, and so belongs to a run's identity.
    var criterion: String { get }

    /// Scores a split, by the name of what is scored; a higher `Evaluation.score` is better.
    func scorer(_ network: Network, workspace: Workspace) throws -> (EncodedExamples) -> [String: Evaluation]
}

/// A plan with its losses.
package struct LossPlan {
    package let plan: Plan
    /// The sum of each is a head's mean loss times its coefficient; the sum of all is the batch's loss.
    package let losses: [Value]

    package init(plan: Plan, losses: [Value]) {
        self.plan = plan
        self.losses = losses
    }

    /// Forward and backward over a batch; gradients are in the parameters then.
    /// - Returns: the loss, regularizers included.
    package func step(_ batch: PackedBatch, workspace: Workspace, stepKey: UInt64?) -> Double {
        let results = plan.run(batch, workspace: workspace, stepKey: stepKey)
        let sum = losses.reduce(0.0) { sum, loss in results.values(loss).reduce(sum) { $0 + Double($1) } }
        return sum + plan.parameterLoss()
    }
}
