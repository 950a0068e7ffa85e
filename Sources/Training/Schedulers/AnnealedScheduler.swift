import Foundation

/// Each turn a task at random with probability ∝ N^α, where N is its number of training examples and α = 1 − 0.8 (e − 1) / (E − 1)
/// in epoch e of E: first in proportion, at the end nearly equal (Stickland & Murray 2019, section 3.1). A single epoch has
/// α = 1. Within a batch, these are the tasks' expected shares.
struct AnnealedScheduler: TaskScheduler {
    static let name = "annealed"
    static let options: Set<SchedulerOption> = [.cap]
    /// By how much α falls.
    private static let fall = 0.8

    private let sampled: SampledTasks

    init(_ plan: SchedulerPlan) {
        let epochs = plan.turns.count
        sampled = SampledTasks(plan) { size, epoch in pow(size, Self.exponent(epoch: epoch, of: epochs)) }
    }

    /// α of an epoch, counted from 0.
    static func exponent(epoch: Int, of epochs: Int) -> Double {
        1 - fall * Double(epoch) / Double(max(1, epochs - 1))
    }

    mutating func next(_ turn: Turn, history: RunHistory) -> Int { sampled.task(turn) }
}
