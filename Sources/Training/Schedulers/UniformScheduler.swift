/// Each turn a task at random, all equally likely: small tasks are seen more often than they are large. Within a batch, all
/// tasks have the same expected share.
struct UniformScheduler: TaskScheduler {
    static let name = "uniform"

    private let sampled: SampledTasks

    init(_ plan: SchedulerPlan) { sampled = SampledTasks(plan) { _, _ in 1 } }

    mutating func next(_ turn: Turn, history: RunHistory) -> Int { sampled.task(turn) }
}
