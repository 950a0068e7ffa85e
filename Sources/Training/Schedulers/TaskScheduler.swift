import Files
import Numerics

/// A place in a run that the scheduler chooses a task for: a step, or with `--mix within` a piece of one (`Mix`).
package struct Turn: Sendable, Equatable {
    package let epoch: Int
    /// Within the epoch.
    package let index: Int
    /// Tasks that cannot be chosen, since their examples of this epoch are used up (`ExhaustedTask.skip`).
    package var closed: Set<Int> = []
}

/// Which task comes next in multi-task training.
///
/// A new scheduler is one file, one line in `TaskSchedulers.builtIn`, one test. It is a value: a copy continues by itself.
package protocol TaskScheduler: Sendable {
    static var name: String { get }
    /// The settings that it reads; others that are given for it are refused.
    static var options: Set<SchedulerOption> { get }
    /// Whether it looks at the history. Dev is then scored after each epoch, for all tasks.
    static var readsHistory: Bool { get }
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
    package static var options: Set<SchedulerOption> { [] }
    package static var readsHistory: Bool { false }
    package var state: ConfigurationValue { .null }
    package mutating func restore(_ state: ConfigurationValue) -> Bool { state == .null }
}

package enum TaskSchedulers {
    package static let builtIn: [any TaskScheduler.Type] = [
        ProportionalScheduler.self, UniformScheduler.self, TemperatureScheduler.self, SquareRootScheduler.self,
        RoundRobinScheduler.self, AnnealedScheduler.self, GivenScheduler.self, ProgressScheduler.self,
    ]

    package static var names: [String] { builtIn.map { $0.name } }

    /// Those that need nothing but the tasks.
    package static var selfContained: [String] {
        builtIn.filter { !$0.options.contains(.probabilities) }.map { $0.name }
    }

    package static func named(_ name: String) -> (any TaskScheduler.Type)? { builtIn.first { $0.name == name } }
}
