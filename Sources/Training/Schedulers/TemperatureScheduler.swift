import Foundation
import Numerics

/// Each step a task at random with probability ∝ size^(1/2): between proportional and uniform (Arivazhagan et al. 2019,
/// section 3, with temperature 2).
enum TemperatureScheduler: TaskScheduler {
    static let name = "temperature"
    static let temperature = 2.0

    static func order(batches: [Int], key: UInt64) -> [Int] {
        sample(
            weights: batches.map { pow(Double($0), 1 / temperature) }, steps: batches.reduce(0, +), key: key)
    }

    /// Draws a task for each step with probabilities in proportion to the weights.
    static func sample(weights: [Double], steps: Int, key: UInt64) -> [Int] {
        let total = weights.reduce(0, +)
        guard total > 0 else { return [] }
        return (0..<steps).map { step in
            var rest = Double(Randomness.uniform(key, step)) * total
            for (task, weight) in weights.enumerated() where weight > 0 {
                rest -= weight
                if rest < 0 { return task }
            }
            return weights.lastIndex { $0 > 0 } ?? 0
        }
    }
}
