/// Each turn a task at random with probability ∝ what its last dev score lacks to its target: dynamic sampling (Gottumukkala et
/// al. 2020, where the target is what the task reaches by itself). Tasks that are behind come more often.
///
/// p ∝ max(0, target − score). Before the first scores, all is missing: p ∝ target. Where every task has reached its target,
/// all are equally likely. A target is 1 unless it is set (`SchedulerSettings.targets`); scores that are undefined or below
/// 0 count as 0. Tasks that share their texts count as the mean of theirs. Its state is the history of dev scores, which
/// checkpoints hold.
struct ProgressScheduler: TaskScheduler {
    static let name = "progress"
    static let options: Set<SchedulerOption> = [.targets]
    static let readsHistory = true

    private let plan: SchedulerPlan

    init(_ plan: SchedulerPlan) { self.plan = plan }

    mutating func next(_ turn: Turn, history: RunHistory) -> Int {
        let turns = plan.turns[turn.epoch]
        var weights = zip(plan.tasks, turns).map {
            $1 > 0 ? Self.gap($0, history, plan.settings.scheduling.targets) : 0
        }
        if zip(weights, turns.indices).allSatisfy({ $0 == 0 || turn.closed.contains($1) }) {
            weights = turns.map { $0 > 0 ? 1 : 0 }
        }
        return SampledTasks.task(turn, weights: weights, of: plan)
    }

    private static func gap(_ task: SchedulerPlan.Task, _ history: RunHistory, _ targets: [String: Double]) -> Double {
        let gaps = task.goals.map { goal in
            let score = history.dev.last?[goal] ?? 0
            return max(0, (targets[goal] ?? 1) - (score.isFinite ? max(0, score) : 0))
        }
        return gaps.reduce(0, +) / Double(max(1, gaps.count))
    }
}
