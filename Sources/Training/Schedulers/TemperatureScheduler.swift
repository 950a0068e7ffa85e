import Foundation

/// Each turn a task at random with probability ∝ size^(1/2): between proportional and uniform (Arivazhagan et al. 2019,
/// section 3, with temperature 2). Within a batch, these are the tasks' expected shares.
struct TemperatureScheduler: TaskScheduler {
    static let name = "temperature"
    static let temperature = 2.0

    private let sampled: SampledTasks

    init(_ plan: SchedulerPlan) {
        sampled = SampledTasks(plan) { pow(Double($0), 1 / Self.temperature) }
    }

    mutating func next(_ turn: Turn, history: RunHistory) -> Int { sampled.task(turn) }
}
