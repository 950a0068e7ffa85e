import Adapters
import Models
import Numerics

/// The plans that a run's steps need, and the batches that they run on: a plan for each task, or with `--mix within` one for
/// all tasks that go through the same adapters.
struct StepPlans {
    /// A plan with the tasks whose examples it runs on.
    private struct Shared {
        let plan: LossPlan
        let tasks: [Int]
        /// What the plan's frozen layers give for the tasks' texts; nil: it has none.
        let store: ActivationStore?
    }

    let tasks: [TrainingTask]
    private let plans: [Shared]
    /// Of each task.
    private let planOf: [Int]
    private let mixes: Bool
    private let epochs: Int
    /// The tensors that only a task's own heads have, if others share its plan.
    private let own: [Set<String>]

    /// What the plans of a step run on, one after the other.
    struct Batch {
        fileprivate let parts: [(plan: Int, batch: PackedBatch)]

        var tokens: Int { parts.reduce(0) { $0 + $1.batch.tokens } }
    }

    /// What a step came to.
    struct Losses {
        /// By the head's index: its mean loss times its coefficient; nil where it had no target.
        var heads: [Double?]
        /// Of the parameters alone.
        var regularizers: Double
        var total: Double
    }

    /// - Parameter cache: where what frozen layers give for the tasks' texts is kept; nil: it is computed in each step.
    /// - Throws: `TrainingError.setting` where a task has a plan that no other can share
    init(
        _ network: Network, tasks: [TrainingTask], settings: TrainingSettings, cache: ActivationCache? = nil
    ) throws {
        self.tasks = tasks
        epochs = settings.epochs
        mixes = settings.mix == .within && tasks.count > 1
        let groups = mixes ? try Self.groups(tasks, network) : tasks.indices.map { [$0] }
        let mixes = mixes
        func shared(_ plan: LossPlan, _ group: [Int]) -> Shared {
            let texts = Dictionary(uniqueKeysWithValues: group.map { ($0, tasks[$0].train) })
            return Shared(plan: plan, tasks: group, store: plan.frozen.flatMap { cache?.train($0, texts) })
        }
        let splits = cache != nil
        plans = try groups.map { group in
            guard mixes else {
                return shared(
                    try tasks[group[0]].objective.plan(network, settings: settings, splits: splits), group)
            }
            let others = group.dropFirst().map { tasks[$0].objective }
            guard
                let plan = try tasks[group[0]].objective.mixedPlan(
                    with: others, network, settings: settings, splits: splits)
            else {
                throw TrainingError.setting(
                    name: "--mix", found: settings.mix.rawValue,
                    expected: "\(Mix.batch.rawValue): these tasks have no plan in common")
            }
            return shared(plan, group)
        }
        planOf = tasks.indices.map { task in groups.firstIndex { $0.contains(task) } ?? 0 }
        let hidden = network.arrangement.model.configuration.hidden
        own = tasks.map { task in
            guard mixes else { return [] }
            return Set(
                task.objective.heads.flatMap { head in
                    let named = network.arrangement.heads[head.index]
                    return named.head.specs(hidden: hidden, scope: named.scope).map(\.name)
                })
        }
    }

    /// Tasks whose heads read the same adapters, in order.
    private static func groups(_ tasks: [TrainingTask], _ network: Network) throws -> [[Int]] {
        var groups: [(compositions: [Composition?], tasks: [Int])] = []
        for (index, task) in tasks.enumerated() {
            let heads = task.objective.heads.map(\.index).filter { network.arrangement.heads.indices.contains($0) }
            let own = try network.compositions(heads)
            if let n = groups.firstIndex(where: { $0.compositions == own }) {
                groups[n].tasks.append(index)
            } else {
                groups.append((own, [index]))
            }
        }
        return groups.map(\.tasks)
    }

    /// The heads of a task, in order.
    func heads(of task: Int) -> [Int] { tasks[task].objective.heads.map(\.index) }

    /// The tensors that a task's plan gives gradients to.
    func parameters(of task: Int) -> [Parameter] { plans[planOf[task]].plan.plan.parameters }

    /// The plans of a step, each with the parts that it runs on.
    private func parts(_ step: TrainingStep) -> [(plan: Int, parts: [TrainingStep.Part])] {
        var found: [(plan: Int, parts: [TrainingStep.Part])] = []
        for index in plans.indices {
            let parts = step.parts.filter { planOf[$0.task] == index }
            if !parts.isEmpty { found.append((index, parts)) }
        }
        return found
    }

    /// - Parameters:
    ///   - coefficients: of the losses, by the head's index.
    ///   - longest: tokens that are taken of an example at most.
    func batch(_ step: TrainingStep, coefficients: [Double] = [], longest: Int = .max, stepKey: UInt64) -> Batch {
        Batch(
            parts: parts(step).map { plan, parts in
                let parts = parts.map { part in
                    tasks[part.task].objective.part(
                        part.examples, of: tasks[part.task].train, task: part.task, longest: longest, stepKey: stepKey)
                }
                return (plan, PackedBatch(parts, marksSequences: mixes, coefficients: coefficients))
            })
    }

    /// Forward and backward; gradients are in the parameters then.
    /// - Parameters:
    ///   - adding: the parameters whose own losses do not count, and all gradients are added to what there is; nil: they begin
    ///     anew.
    ///   - differentiates: whether gradients are computed; else it runs forward alone, dropout included.
    func run(
        _ step: TrainingStep, _ batch: Batch, workspace: Workspace, stepKey: UInt64, adding given: Set<Int>? = nil,
        differentiates: Bool = true
    ) -> Losses {
        var losses = Losses(heads: [], regularizers: 0, total: 0)
        // Several plans add to the gradients of what they share
        let adds = given != nil || batch.parts.count > 1
        if adds, given == nil, differentiates {
            for parameter in batch.parts.flatMap({ plans[$0.plan].plan.plan.parameters }) {
                parameter.gradient.update(repeating: 0, count: parameter.count)
            }
        }
        var counted = given ?? []
        for (index, batch) in batch.parts {
            let shared = plans[index]
            shared.store?.load(batch, workspace: workspace, keeps: step.epoch + 1 < epochs)
            let sums = shared.plan.sums(
                batch, workspace: workspace, stepKey: stepKey, accumulates: adds, counted: counted,
                differentiates: differentiates)
            for (head, sum) in zip(shared.tasks.flatMap { tasks[$0].objective.heads }, sums) {
                while losses.heads.count <= head.index { losses.heads.append(nil) }
                if batch.targets[head.index].map({ $0.normalizer > 0 }) == true { losses.heads[head.index] = sum }
            }
            losses.regularizers += shared.plan.plan.parameterLoss(counted: counted)
            losses.total += sums.reduce(0, +)
            if adds { counted.formUnion(shared.plan.plan.parameters.map(\.offset)) }
        }
        losses.total += losses.regularizers
        return losses
    }

    /// The tensors that a step moves: all of its plans, but for the heads of tasks that are not in it.
    func parameters(_ step: TrainingStep) -> [Parameter] {
        let parts = parts(step)
        guard mixes, step.parts.count < tasks.count || parts.count > 1 else {
            return plans[parts[0].plan].plan.plan.parameters
        }
        let present = Set(step.parts.map(\.task))
        let absent = tasks.indices.filter { !present.contains($0) }
        var seen: Set<Int> = []
        return parts.flatMap { plans[$0.plan].plan.plan.parameters }.filter { parameter in
            !absent.contains { own[$0].contains(parameter.name) } && seen.insert(parameter.offset).inserted
        }.sorted { $0.offset < $1.offset }
    }

    /// Adds the gradients of what counts for the parameters alone, as a fusion's regularizer.
    /// - Returns: their losses
    func regularize(_ step: TrainingStep, workspace: Workspace, stepKey: UInt64) -> Double {
        var (sum, counted) = (0.0, Set<Int>())
        for (index, parts) in parts(step) {
            let plan = plans[index].plan.plan
            let loss = plan.parameterLoss(counted: counted)
            sum += loss
            if loss != 0 {
                // One example without any weight: what is left is the parameters' own
                let one = TrainingStep(
                    [TrainingStep.Part(task: parts[0].task, examples: Array(parts[0].examples.prefix(1)))],
                    epoch: step.epoch)
                let none = [Double](repeating: 0, count: 1 + (heads(of: parts[0].task).max() ?? 0))
                _ = run(
                    one, batch(one, coefficients: none, stepKey: stepKey), workspace: workspace, stepKey: stepKey,
                    adding: counted)
            }
            counted.formUnion(plan.parameters.map(\.offset))
        }
        return sum
    }

    /// Bytes of the work areas that a step needs.
    /// - Parameter longest: tokens that are taken of an example at most.
    func workBytes(_ step: TrainingStep, longest: Int, threads: Int) -> (arenas: Int, shared: Int) {
        var most = (arenas: 0, shared: 0)
        for (index, batch) in batch(step, longest: longest, stepKey: 0).parts {
            let shared = plans[index]
            let frozen = shared.store?.workBytes(batch, threads: threads)
            for bytes in [shared.plan.plan.workBytes(batch, threads: threads), frozen].compactMap({ $0 }) {
                most = (max(most.arenas, bytes.arenas), max(most.shared, bytes.shared))
            }
        }
        return most
    }
}
