import Foundation

/// Each turn a task at random with probability ∝ size^(1/T): T = 1 is in proportion, a large T nearly uniform (Arivazhagan et al.
/// 2019, section 3; Raffel et al. 2020, section 3.5.2). T is 2 unless it is set. Within a batch, these are the tasks' expected
/// shares.
struct TemperatureScheduler: TaskScheduler {
    static let name = "temperature"
    static let options: Set<SchedulerOption> = [.temperature, .cap]
    static let standard = 2.0

    private let sampled: SampledTasks

    init(_ plan: SchedulerPlan) {
        let temperature = plan.settings.scheduling.temperature ?? Self.standard
        sampled = SampledTasks(plan) { size, _ in pow(size, 1 / temperature) }
    }

    mutating func next(_ turn: Turn, history: RunHistory) -> Int { sampled.task(turn) }
}
