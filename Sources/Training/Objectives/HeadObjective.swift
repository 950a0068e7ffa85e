import Models
import Numerics
import Tasks

/// Training of heads on the targets of a task: one head, or several that read the same texts, each with its own targets,
/// which any example may lack.
package struct HeadObjective: Objective {
    /// One head with what it is scored by.
    package struct Goal: Sendable {
        /// The task's name: scores carry it.
        package var name: String
        package var head: BatchHead
        package var metric: any Metric.Type

        package init(name: String, head: BatchHead, metric: any Metric.Type) {
            self.name = name
            self.head = head
            self.metric = metric
        }
    }

    let goals: [Goal]

    package init(_ goals: [Goal]) { self.goals = goals }

    package var criterion: String { goals.map { $0.metric.name }.joined(separator: "+") }

    package var scoresReachOne: Bool { goals.allSatisfy { $0.metric.isShare && !$0.metric.isLowerBetter } }

    package var heads: [TrainedHead] { goals.map { TrainedHead(task: $0.name, index: $0.head.index) } }

    package func plan(_ network: Network, settings: TrainingSettings, splits: Bool) throws -> LossPlan {
        try Self.plan(goals, network, settings: settings, mixes: false, splits: splits)
    }

    package func mixedPlan(
        with others: [any Objective], _ network: Network, settings: TrainingSettings, splits: Bool
    ) throws -> LossPlan? {
        let others = others.map { $0 as? HeadObjective }
        guard others.allSatisfy({ $0 != nil }) else { return nil }
        return try Self.plan(
            goals + others.flatMap { $0?.goals ?? [] }, network, settings: settings, mixes: true, splits: splits)
    }

    private static func plan(
        _ goals: [Goal], _ network: Network, settings: TrainingSettings, mixes: Bool, splits: Bool
    ) throws -> LossPlan {
        var losses: [Int: LossSettings] = [:]
        for goal in goals {
            losses[goal.head.index] = LossSettings(
                classWeights: goal.head.classWeights, smoothing: Float(settings.labelSmoothing),
                teacher: settings.distillation.map { ($0.temperature, $0.alpha) })
        }
        return try network.plan(
            heads: goals.map(\.head.index), trains: true, mixes: mixes, baseDropout: settings.baseDropout,
            headDropout: settings.headDropout.map { Float($0) }, losses: losses,
            // Where tokens are hidden anew in each step, no layer gives the same twice
            splits: splits && !goals.contains { network.arrangement.heads[$0.head.index].head.form.redraws },
            predicts: false
        ).training
    }

    package func part(
        _ indices: [Int], of examples: EncodedExamples, task: Int, longest: Int, stepKey: UInt64
    ) -> BatchPart {
        examples.part(indices, task: task, heads: goals.map(\.head), longest: longest, stepKey: stepKey)
    }

    package func calibrated(
        _ network: Network, dev: EncodedExamples, workspace: Workspace
    ) throws -> [Int: any Head] {
        var heads: [Int: any Head] = [:]
        for goal in goals where network.arrangement.heads[goal.head.index].head.form.isCalibrated {
            let evaluator = try Evaluator(
                network, head: goal.head.index, column: goal.head.column, workspace: workspace)
            heads[goal.head.index] = evaluator.calibrated(dev)[0]
        }
        return heads
    }

    package func scorer(
        _ network: Network, workspace: Workspace, keeping: (split: EncodedExamples, cache: ActivationCache)?
    ) throws -> (EncodedExamples) -> [String: Evaluation] {
        // Heads that can be in one plan are scored in one pass
        let evaluators = try network.planGroups(goals.map(\.head.index)).map { group in
            let own = group.compactMap { index in goals.first { $0.head.index == index } }
            return (
                own,
                try Evaluator(
                    network, heads: own.map { ($0.head.index, $0.head.column) }, workspace: workspace, keeping: keeping)
            )
        }
        return { examples in
            var scores: [String: Evaluation] = [:]
            for (goals, evaluator) in evaluators {
                for (goal, evaluation) in zip(goals, evaluator.evaluate(examples, metrics: goals.map(\.metric))) {
                    scores[goal.name] = evaluation
                }
            }
            return scores
        }
    }
}
