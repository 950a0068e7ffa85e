import Foundation
import Numerics

/// Weights that are drawn anew for each step: T · softmax(z), z ~ N(0, 1) for each of T tasks (Lin et al. 2022, section 4). A
/// baseline: what learns weights should do better than chance.
///
/// The draws are a function of the run's seed and the number of steps so far, which checkpoints hold.
package struct RandomBalancer: LossBalancer {
    package static let name = "random"
    private static let seed = "balancer/random/seed"
    private static let steps = "balancer/random/steps"

    private let count: Int

    package init(_ tasks: [BalancedTask]) { count = tasks.count }

    /// Where the draws come from, which follows from the run's seed, and the steps so far: exact up to 2²⁴.
    package var specs: [ParameterSpec] {
        [
            ParameterSpec(Self.seed, [1], .normal(1), decays: false),
            ParameterSpec(Self.steps, [1], .zeros, decays: false),
        ]
    }

    /// Positive, with the sum T.
    package func coefficients(_ parameters: ParameterBuffer) -> [Double] {
        guard let seed = parameters[Self.seed], let steps = parameters[Self.steps] else { return [] }
        let key = Randomness.key(UInt64(seed.values[0].bitPattern), UInt64(steps.values[0]))
        let weights = (0..<count).map { exp(Double(Randomness.normal(key, $0))) }
        let sum = weights.reduce(0, +)
        return weights.map { Double(count) * $0 / sum }
    }

    /// Counts the step, unless it will be left out.
    package func pull(_ losses: [Double?], _ parameters: ParameterBuffer) -> (loss: Double, moved: [Parameter]) {
        if losses.allSatisfy({ $0?.isFinite ?? true }) { parameters[Self.steps]?.values[0] += 1 }
        return (0, [])
    }
}
