import Numerics

/// Every piece of every task once an epoch, shuffled: tasks come in proportion to their size. Within a batch, all tasks'
/// examples are shuffled together.
///
/// With a cap K that a task exceeds, each turn is a task at random with probability min(n, K) / Σ min(n, K), where n is the
/// number of its examples: examples-proportional mixing (Raffel et al. 2020, section 3.5.2).
struct ProportionalScheduler: TaskScheduler {
    static let name = "proportional"
    static let options: Set<SchedulerOption> = [.cap]

    private let plan: SchedulerPlan
    /// nil: no task exceeds the cap
    private let sampled: SampledTasks?
    private var epoch = -1
    private var order: [Int] = []

    init(_ plan: SchedulerPlan) {
        self.plan = plan
        sampled = plan.isCapped ? SampledTasks(plan) { size, _ in size } : nil
    }

    mutating func next(_ turn: Turn, history: RunHistory) -> Int {
        if let sampled { return sampled.task(turn) }
        if turn.epoch != epoch {
            epoch = turn.epoch
            let all = plan.turns[epoch].enumerated().flatMap { Array(repeating: $0.offset, count: $0.element) }
            order = Randomness.permutation(all.count, key: plan.key(epoch: epoch)).map { all[$0] }
        }
        return order[turn.index]
    }
}
