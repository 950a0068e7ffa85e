import Foundation

/// Each turn a task at random with probability ∝ size^α, where α falls from 1 in the first epoch to 0.2 in the last: first in
/// proportion, at the end nearly equal (Stickland & Murray 2019, section 3.1). Within a batch, these are the tasks' expected
/// shares.
struct AnnealedScheduler: TaskScheduler {
    static let name = "annealed"
    /// By how much α falls.
    static let fall = 0.8

    /// By epoch.
    private let sampled: [SampledTasks]

    init(_ plan: SchedulerPlan) {
        let epochs = plan.turns.count
        sampled = (0..<epochs).map { epoch in
            let exponent = 1 - Self.fall * Double(epoch) / Double(max(1, epochs - 1))
            return SampledTasks(plan) { pow(Double($0), exponent) }
        }
    }

    mutating func next(_ turn: Turn, history: RunHistory) -> Int { sampled[turn.epoch].task(turn) }
}
