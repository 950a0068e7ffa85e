import Numerics

/// Every piece of every task once an epoch, shuffled: tasks come in proportion to their size. Within a batch, all tasks'
/// examples are shuffled together.
struct ProportionalScheduler: TaskScheduler {
    static let name = "proportional"

    private let plan: SchedulerPlan
    private var epoch = -1
    private var order: [Int] = []

    init(_ plan: SchedulerPlan) { self.plan = plan }

    mutating func next(_ turn: Turn, history: RunHistory) -> Int {
        if turn.epoch != epoch {
            epoch = turn.epoch
            let all = plan.turns[epoch].enumerated().flatMap { Array(repeating: $0.offset, count: $0.element) }
            order = Randomness.permutation(all.count, key: plan.key(epoch: epoch)).map { all[$0] }
        }
        return order[turn.index]
    }
}
