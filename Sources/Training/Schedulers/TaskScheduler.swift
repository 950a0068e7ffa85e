/// Which task's batch comes at each step of multi-task training.
///
/// A new scheduler is one file, one line in `TaskSchedulers.builtIn`, one test.
package protocol TaskScheduler: Sendable {
    static var name: String { get }
    /// - Parameters:
    ///   - batches: number of batches that each task has over the whole run, were it alone.
    ///   - key: all randomness comes from it.
    /// - Returns: a task's index for each step; as many steps as there are batches in all.
    static func order(batches: [Int], key: UInt64) -> [Int]
}

package enum TaskSchedulers {
    package static let builtIn: [any TaskScheduler.Type] = [
        ProportionalScheduler.self, UniformScheduler.self, TemperatureScheduler.self, RoundRobinScheduler.self,
    ]

    package static var names: [String] { builtIn.map { $0.name } }

    package static func named(_ name: String) -> (any TaskScheduler.Type)? { builtIn.first { $0.name == name } }
}
