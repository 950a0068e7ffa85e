/// Each turn a task at random with probability ∝ √N, where N is its number of training examples (Stickland & Murray 2019, section
/// 3.1). Within a batch, these are the tasks' expected shares.
struct SquareRootScheduler: TaskScheduler {
    static let name = "square-root"
    static let options: Set<SchedulerOption> = [.cap]

    private let sampled: SampledTasks

    init(_ plan: SchedulerPlan) { sampled = SampledTasks(plan) { size, _ in size.squareRoot() } }

    mutating func next(_ turn: Turn, history: RunHistory) -> Int { sampled.task(turn) }
}
