/// The tasks in turn; a small task begins anew when it is through.
enum RoundRobinScheduler: TaskScheduler {
    static let name = "round-robin"

    static func order(batches: [Int], key: UInt64) -> [Int] {
        let tasks = batches.indices.filter { batches[$0] > 0 }
        guard !tasks.isEmpty else { return [] }
        return (0..<batches.reduce(0, +)).map { tasks[$0 % tasks.count] }
    }
}
