import Numerics

/// Draws a task for each turn, with probabilities in proportion to the tasks' weights.
struct SampledTasks {
    /// By epoch.
    private let weights: [[Double]]
    private let plan: SchedulerPlan

    /// - Parameter weight: of a task of such a size (`SchedulerPlan.sizes`) in an epoch; tasks of size 0 are never drawn
    init(_ plan: SchedulerPlan, weight: (_ size: Double, _ epoch: Int) -> Double) {
        self.plan = plan
        weights = plan.turns.indices.map { epoch in
            plan.sizes(epoch: epoch).map { $0 > 0 ? weight($0, epoch) : 0 }
        }
    }

    func task(_ turn: Turn) -> Int { Self.task(turn, weights: weights[turn.epoch], of: plan) }

    /// - Parameter weights: of each task; those without a turn have 0.
    static func task(_ turn: Turn, weights: [Double], of plan: SchedulerPlan) -> Int {
        var weights = weights
        for task in turn.closed { weights[task] = 0 }
        var rest = Double(Randomness.uniform(plan.key(epoch: turn.epoch), turn.index)) * weights.reduce(0, +)
        for (task, weight) in weights.enumerated() where weight > 0 {
            rest -= weight
            if rest < 0 { return task }
        }
        return weights.lastIndex { $0 > 0 } ?? 0
    }
}
