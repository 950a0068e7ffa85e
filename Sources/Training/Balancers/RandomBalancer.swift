import Foundation
import Numerics

/// Weights that are drawn anew for each step: T · softmax(z), z ~ N(0, 1) for each of T tasks (Lin et al. 2022, section 4). A
/// baseline: what learns weights should do better than chance.
package struct RandomBalancer: LossBalancer {
    package static let name = "random"
    private static let site = Randomness.hash("balancer/random")

    private let count: Int

    package init(_ tasks: [BalancedTask]) { count = tasks.count }

    /// Positive, with the sum T.
    package func coefficients(_ parameters: ParameterBuffer, key: UInt64) -> [Double] {
        let key = Randomness.key(key, Self.site)
        let weights = (0..<count).map { exp(Double(Randomness.normal(key, $0))) }
        let sum = weights.reduce(0, +)
        return weights.map { Double(count) * $0 / sum }
    }
}
