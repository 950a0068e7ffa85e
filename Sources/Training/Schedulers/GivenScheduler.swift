/// Each turn a task at random, with probabilities that the user gives (`SchedulerSettings.probabilities`), in proportion to
/// their sum. Within a batch, these are the tasks' expected shares.
struct GivenScheduler: TaskScheduler {
    static let name = "given"
    static let options: Set<SchedulerOption> = [.probabilities]

    private let plan: SchedulerPlan
    private let weights: [Double]

    init(_ plan: SchedulerPlan) {
        self.plan = plan
        weights = plan.tasks.map { plan.settings.scheduling.probabilities[$0.name] ?? 1 }
    }

    mutating func next(_ turn: Turn, history: RunHistory) -> Int {
        let weights = zip(weights, plan.turns[turn.epoch]).map { $1 > 0 ? $0 : 0 }
        return SampledTasks.task(turn, weights: weights, of: plan)
    }
}
