import Models
import Numerics

/// A head of an objective.
package struct TrainedHead: Sendable, Equatable {
    /// The task's name, as scores carry it.
    package var task: String
    /// In the arrangement, and in a batch's targets.
    package var index: Int
}

/// What a task's texts are trained for: the plan from a batch to its loss, what a batch holds, and how dev is scored.
///
/// A new objective is one file that conforms to this; the training loop, its checkpoints and its memory estimate know no
/// other.
package protocol Objective: Sendable {
    /// One for each loss of its plan, in their order.
    var heads: [TrainedHead] { get }

    /// The plan from a batch to its loss.
    /// - Parameter splits: whether it may leave out frozen layers (`LossPlan.frozen`).
    func plan(_ network: Network, settings: TrainingSettings, splits: Bool) throws -> LossPlan

    /// One plan for batches with examples of several tasks: this one's losses, then those of the others in their order; nil
    /// where they have nothing in common.
    func mixedPlan(
        with others: [any Objective], _ network: Network, settings: TrainingSettings, splits: Bool
    ) throws -> LossPlan?

    /// Some examples as the plan takes them.
    /// - Parameters:
    ///   - longest: tokens that are taken of an example at most.
    ///   - stepKey: what random choices of a step are made by.
    func part(_ indices: [Int], of examples: EncodedExamples, task: Int, longest: Int, stepKey: UInt64) -> BatchPart

    /// What `Evaluation.score` is: it decides which epoch is kept, and so belongs to a run's identity.
    var criterion: String { get }

    /// Whether the best `Evaluation.score` is 1 for each of its heads, so that a score says how much is missing.
    var scoresReachOne: Bool { get }

    /// Scores a split, by the name of what is scored; a higher `Evaluation.score` is better.
    /// - Parameter keeping: the split that will be scored again and again, and where what frozen layers give for it may be
    ///   kept; nil: any split.
    func scorer(
        _ network: Network, workspace: Workspace, keeping: (split: EncodedExamples, cache: ActivationCache)?
    ) throws -> (EncodedExamples) -> [String: Evaluation]

    /// The heads with what is chosen on dev when a training ends, by their indices; those for which nothing is chosen are missing.
    func calibrated(_ network: Network, dev: EncodedExamples, workspace: Workspace) throws -> [Int: any Head]
}

extension Objective {
    package var scoresReachOne: Bool { false }

    package func mixedPlan(
        with others: [any Objective], _ network: Network, settings: TrainingSettings, splits: Bool
    ) throws -> LossPlan? { nil }

    package func calibrated(
        _ network: Network, dev: EncodedExamples, workspace: Workspace
    ) throws -> [Int: any Head] { [:] }
}

/// A plan with its losses.
package struct LossPlan {
    package let plan: Plan
    /// The sum of each is a head's mean loss times its coefficient; the sum of all is the batch's loss.
    package let losses: [Value]
    /// What the plan reads instead of computing it, which must be loaded before each batch; nil: nothing.
    let frozen: FrozenLayers?

    init(plan: Plan, losses: [Value], frozen: FrozenLayers? = nil) {
        self.plan = plan
        self.losses = losses
        self.frozen = frozen
    }

    /// Forward and backward over a batch; gradients are in the parameters then.
    /// - Returns: the loss, regularizers included.
    package func step(_ batch: PackedBatch, workspace: Workspace, stepKey: UInt64?) -> Double {
        sums(batch, workspace: workspace, stepKey: stepKey).reduce(0, +) + plan.parameterLoss()
    }

    /// The same; each loss by itself, without regularizers.
    /// - Parameters:
    ///   - accumulates: adds to gradients that other plans of the step have begun.
    ///   - counted: offsets of parameters whose regularizers they have counted.
    ///   - differentiates: whether gradients are computed; else it runs forward alone, dropout included.
    func sums(
        _ batch: PackedBatch, workspace: Workspace, stepKey: UInt64?, accumulates: Bool = false,
        counted: Set<Int> = [], differentiates: Bool = true
    ) -> [Double] {
        let results = plan.run(
            batch, workspace: workspace, stepKey: stepKey, accumulates: accumulates, beginsStep: true, counted: counted,
            differentiates: differentiates)
        return losses.map { results.values($0).reduce(0.0) { $0 + Double($1) } }
    }
}
