import Models
import Numerics

/// The plans that a run's steps need, and the batches that they run on: a plan for each task, or with `--mix within` one for
/// all.
struct StepPlans {
    private let tasks: [TrainingTask]
    /// Of each task, or the one of all.
    private let plans: [LossPlan]
    private let mixes: Bool
    /// The tensors that only a task's own heads have, in a plan of all.
    private let own: [Set<String>]

    /// What a step came to.
    struct Losses {
        /// By the head's index: its mean loss times its coefficient; nil where it had no target.
        var heads: [Double?]
        /// Of the parameters alone.
        var regularizers: Double
        var total: Double
    }

    /// - Throws: `TrainingError.setting` where a task has a plan that no other can share
    init(_ network: Network, tasks: [TrainingTask], settings: TrainingSettings) throws {
        self.tasks = tasks
        mixes = settings.mix == .within && tasks.count > 1
        guard mixes else {
            plans = try tasks.map { try $0.objective.plan(network, settings: settings) }
            own = tasks.map { _ in [] }
            return
        }
        let others = tasks.dropFirst().map(\.objective)
        guard let plan = try tasks[0].objective.mixedPlan(with: others, network, settings: settings) else {
            throw TrainingError.setting(
                name: "--mix", found: settings.mix.rawValue,
                expected: "\(Mix.batch.rawValue): these tasks have no plan in common")
        }
        plans = [plan]
        let hidden = network.arrangement.model.configuration.hidden
        own = tasks.map { task in
            Set(
                task.objective.heads.flatMap { head in
                    let named = network.arrangement.heads[head.index]
                    return named.head.specs(hidden: hidden, scope: named.scope).map(\.name)
                })
        }
    }

    private func plan(_ step: TrainingStep) -> LossPlan { plans[mixes ? 0 : step.parts[0].task] }

    /// The heads of a step's plan, in the order of the plan's losses.
    private func heads(_ step: TrainingStep) -> [TrainedHead] {
        mixes ? tasks.flatMap(\.objective.heads) : tasks[step.parts[0].task].objective.heads
    }

    /// - Parameters:
    ///   - coefficients: of the losses, by the head's index.
    ///   - longest: tokens that are taken of an example at most.
    func batch(
        _ step: TrainingStep, coefficients: [Double] = [], longest: Int = .max, stepKey: UInt64
    ) -> PackedBatch {
        let parts = step.parts.map { part in
            tasks[part.task].objective.part(
                part.examples, of: tasks[part.task].train, task: part.task, longest: longest, stepKey: stepKey)
        }
        return PackedBatch(parts, marksSequences: mixes, coefficients: coefficients)
    }

    /// Forward and backward; gradients are in the parameters then.
    func run(_ step: TrainingStep, _ batch: PackedBatch, workspace: Workspace, stepKey: UInt64) -> Losses {
        let plan = plan(step)
        let sums = plan.sums(batch, workspace: workspace, stepKey: stepKey)
        var losses = Losses(heads: [], regularizers: plan.plan.parameterLoss(), total: 0)
        for (head, sum) in zip(heads(step), sums) {
            while losses.heads.count <= head.index { losses.heads.append(nil) }
            if batch.targets[head.index].map({ $0.normalizer > 0 }) == true { losses.heads[head.index] = sum }
        }
        losses.total = sums.reduce(0, +) + losses.regularizers
        return losses
    }

    /// The tensors that a step moves: all of its plan, but for the heads of tasks that are not in it.
    func parameters(_ step: TrainingStep) -> [Parameter] {
        let all = plan(step).plan.parameters
        guard mixes, step.parts.count < tasks.count else { return all }
        let present = Set(step.parts.map(\.task))
        let absent = tasks.indices.filter { !present.contains($0) }
        return all.filter { parameter in !absent.contains { own[$0].contains(parameter.name) } }
    }

    /// Bytes of the work areas that a step needs.
    /// - Parameter longest: tokens that are taken of an example at most.
    func workBytes(_ step: TrainingStep, longest: Int, threads: Int) -> (arenas: Int, shared: Int) {
        plan(step).plan.workBytes(batch(step, longest: longest, stepKey: 0), threads: threads)
    }
}
