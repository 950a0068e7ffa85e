/// The tasks in turn. Within a batch, all tasks have equal shares.
struct RoundRobinScheduler: TaskScheduler {
    static let name = "round-robin"

    /// Tasks with examples, by epoch.
    private let tasks: [[Int]]

    init(_ plan: SchedulerPlan) { tasks = plan.turns.map { turns in turns.indices.filter { turns[$0] > 0 } } }

    mutating func next(_ turn: Turn, history: RunHistory) -> Int {
        let tasks = tasks[turn.epoch].filter { !turn.closed.contains($0) }
        return tasks.isEmpty ? 0 : tasks[turn.index % tasks.count]
    }
}
