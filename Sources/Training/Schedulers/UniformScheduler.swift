import Numerics

/// Each step a task at random, all equally likely: small tasks are seen more often than they are large.
enum UniformScheduler: TaskScheduler {
    static let name = "uniform"

    static func order(batches: [Int], key: UInt64) -> [Int] {
        TemperatureScheduler.sample(weights: batches.map { $0 > 0 ? 1 : 0 }, steps: batches.reduce(0, +), key: key)
    }
}
