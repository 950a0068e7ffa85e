import Numerics

/// Draws a task for each turn, with probabilities in proportion to the tasks' weights.
struct SampledTasks {
    /// By epoch.
    private let weights: [[Double]]
    private let plan: SchedulerPlan

    /// - Parameter weight: of a task with so many turns; tasks without any are never drawn
    init(_ plan: SchedulerPlan, weight: (Int) -> Double) {
        self.plan = plan
        weights = plan.turns.map { $0.map { $0 > 0 ? weight($0) : 0 } }
    }

    func task(_ turn: Turn) -> Int {
        let weights = weights[turn.epoch]
        var rest = Double(Randomness.uniform(plan.key(epoch: turn.epoch), turn.index)) * weights.reduce(0, +)
        for (task, weight) in weights.enumerated() where weight > 0 {
            rest -= weight
            if rest < 0 { return task }
        }
        return weights.lastIndex { $0 > 0 } ?? 0
    }
}
