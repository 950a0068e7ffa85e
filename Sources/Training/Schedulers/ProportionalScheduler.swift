import Numerics

/// Every batch of every task once, shuffled: tasks come in proportion to their size.
enum ProportionalScheduler: TaskScheduler {
    static let name = "proportional"

    static func order(batches: [Int], key: UInt64) -> [Int] {
        let all = batches.enumerated().flatMap { Array(repeating: $0.offset, count: $0.element) }
        return Randomness.permutation(all.count, key: key).map { all[$0] }
    }
}
