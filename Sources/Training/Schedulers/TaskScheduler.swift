import Files
import Numerics

/// A place in a run that the scheduler chooses a task for: a step, or with `--mix within` a piece of one (`Mix`).
package struct Turn: Sendable, Equatable {
    package let epoch: Int
    /// Within the epoch.
    package let index: Int
}

/// What a scheduler knows of a run before it begins.
package struct SchedulerPlan: Sendable {
    /// How many turns each task's examples fill in each epoch, [epochs][tasks]; an epoch has as many as all of them.
    package let turns: [[Int]]
    package let settings: TrainingSettings

    /// What all randomness of an epoch comes from.
    package func key(epoch: Int) -> UInt64 {
        Randomness.key(UInt64(settings.seed), 0x5C4E_D01E, UInt64(epoch))
    }
}

/// Which task comes next in multi-task training.
///
/// A new scheduler is one file, one line in `TaskSchedulers.builtIn`, one test. It is a value: a copy continues by itself.
package protocol TaskScheduler: Sendable {
    static var name: String { get }
    init(_ plan: SchedulerPlan)
    /// The task of a turn. Turns are asked for once each, in order; a resumed run begins where its checkpoint stands.
    /// - Parameter history: what has happened before the step that the turn belongs to
    mutating func next(_ turn: Turn, history: RunHistory) -> Int
    /// What it remembers of the turns before, for checkpoints; null if nothing.
    var state: ConfigurationValue { get }
    /// - Returns: false if the value does not come from `state`
    mutating func restore(_ state: ConfigurationValue) -> Bool
}

extension TaskScheduler {
    package var state: ConfigurationValue { .null }
    package mutating func restore(_ state: ConfigurationValue) -> Bool { state == .null }
}

package enum TaskSchedulers {
    package static let builtIn: [any TaskScheduler.Type] = [
        ProportionalScheduler.self, UniformScheduler.self, TemperatureScheduler.self, RoundRobinScheduler.self,
        AnnealedScheduler.self,
    ]

    package static var names: [String] { builtIn.map { $0.name } }

    package static func named(_ name: String) -> (any TaskScheduler.Type)? { builtIn.first { $0.name == name } }
}
