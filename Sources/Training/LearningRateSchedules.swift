import Foundation

/// How the learning rate goes over a run, as a factor of its highest value.
package protocol LearningRateSchedule: Sendable {
    static var name: String { get }
    /// - Parameters:
    ///   - progress: share of the steps after the warm-up that are done, in 0..<1.
    static func factor(_ progress: Double) -> Double
}

/// The schedules that there are; a linear warm-up stands before each.
package enum LearningRateSchedules {
    static let builtIn: [any LearningRateSchedule.Type] = [LinearDecay.self, Constant.self, CosineDecay.self]

    package static var names: [String] { builtIn.map { $0.name } }

    static func named(_ name: String) -> (any LearningRateSchedule.Type)? { builtIn.first { $0.name == name } }

    /// The factor of step `step` of `total`, the first `warmup` (a share) of which rise.
    static func factor(_ schedule: any LearningRateSchedule.Type, step: Int, total: Int, warmup: Double) -> Double {
        let rising = Int(warmup * Double(total))
        guard step >= rising else { return Double(step + 1) / Double(rising + 1) }
        return schedule.factor(Double(step - rising) / Double(max(1, total - rising)))
    }
}

enum LinearDecay: LearningRateSchedule {
    static let name = "linear"
    static func factor(_ progress: Double) -> Double { 1 - progress }
}

enum Constant: LearningRateSchedule {
    static let name = "constant"
    static func factor(_ progress: Double) -> Double { 1 }
}

enum CosineDecay: LearningRateSchedule {
    static let name = "cosine"
    static func factor(_ progress: Double) -> Double { 0.5 * (1 + cos(.pi * progress)) }
}

extension TrainingSettings {
    /// The learning rate of a step.
    /// - Parameters:
    ///   - step: from 0
    ///   - total: steps of the run
    package func rate(step: Int, of total: Int) -> Double {
        learningRate
            * LearningRateSchedules.factor(
                LearningRateSchedules.named(schedule) ?? LearningRateSchedules.builtIn[0], step: step, total: total,
                warmup: warmup)
    }
}
