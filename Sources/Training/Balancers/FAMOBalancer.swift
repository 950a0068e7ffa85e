import Foundation
import Numerics

/// Fast adaptive multitask optimization (Liu et al. 2023): weights that let all losses fall at the same rate.
///
/// With z = softmax(ξ), a step's gradient is c Σ (zᵢ / Lᵢ) ∇Lᵢ, where c = 1 / Σ (zᵢ / Lᵢ): that of Σ zᵢ log Lᵢ, scaled so that the
/// coefficients sum to 1 (algorithm 1). After the step, ξ moves against the gradient of
/// Σ zᵢ (log Lᵢ(before) − log Lᵢ(after)), which lowers the weight of the tasks whose losses fell most, plus γ ξ. As in the
/// authors' program, Adam moves ξ with the rate 0.025 and γ = 0.01, both losses are of the same batch (here with the same
/// dropout), 1e-8 is added to them, and ξ starts at 0.
///
/// A task without a target in a step takes no part in it: z is the softmax over the others, and its own ξ stays.
package struct FAMOBalancer: LossWatcher {
    package static let name = "famo"
    private static let rate = 0.025
    private static let decay = 0.01
    private static let (beta1, beta2, epsilon) = (0.9, 0.999, 1e-8)
    /// Added to each loss.
    private static let least = 1e-8

    private let count: Int

    package init(_ tasks: [BalancedTask]) { count = tasks.count }

    /// ξ, Adam's moments, and how often each task's ξ was moved. All are moved here, and none by the run's optimizer.
    package var specs: [ParameterSpec] {
        ["logits", "first", "second", "steps"].map {
            ParameterSpec("balancer/famo/\($0)", [count], .zeros, decays: false)
        }
    }

    /// The softmax over some tasks; the others have 0.
    private func shares(_ parameters: ParameterBuffer, of present: [Int]) -> [Double] {
        guard let logits = parameters["balancer/famo/logits"]?.values else { return [] }
        let most = present.map { Double(logits[$0]) }.max() ?? 0
        var shares = [Double](repeating: 0, count: count)
        for i in present { shares[i] = exp(Double(logits[i]) - most) }
        let sum = shares.reduce(0, +)
        return shares.map { sum > 0 ? $0 / sum : 0 }
    }

    private func present(_ losses: [Double?]) -> [Int] {
        (0..<count).filter { losses.indices.contains($0) && losses[$0] != nil }
    }

    /// c zᵢ / Lᵢ.
    package func coefficients(of losses: [Double?], _ parameters: ParameterBuffer) -> [Double] {
        let present = present(losses)
        var coefficients = shares(parameters, of: present)
        for i in present { coefficients[i] /= (losses[i] ?? 0) + Self.least }
        let sum = coefficients.reduce(0, +)
        return coefficients.map { sum > 0 ? $0 / sum : 1 }
    }

    package func learn(before: [Double?], after: [Double?], _ parameters: ParameterBuffer) {
        guard let logits = parameters["balancer/famo/logits"]?.values,
            let first = parameters["balancer/famo/first"]?.values,
            let second = parameters["balancer/famo/second"]?.values,
            let steps = parameters["balancer/famo/steps"]?.values
        else { return }
        let present = present(before)
        let shares = shares(parameters, of: present)
        var fall = [Double](repeating: 0, count: count)
        for i in present { fall[i] = log((before[i] ?? 0) + Self.least) - log((after[i] ?? 0) + Self.least) }
        let mean = zip(shares, fall).reduce(0) { $0 + $1.0 * $1.1 }
        for i in present {
            let gradient = shares[i] * (fall[i] - mean) + Self.decay * Double(logits[i])
            steps[i] += 1
            let t = Double(steps[i])
            let m = Self.beta1 * Double(first[i]) + (1 - Self.beta1) * gradient
            let v = Self.beta2 * Double(second[i]) + (1 - Self.beta2) * gradient * gradient
            (first[i], second[i]) = (Float(m), Float(v))
            let denominator = (v / (1 - pow(Self.beta2, t))).squareRoot() + Self.epsilon
            logits[i] = Float(Double(logits[i]) - Self.rate * m / (1 - pow(Self.beta1, t)) / denominator)
        }
    }

    /// z times the number of tasks: how much each task's log loss counts.
    package func weights(_ parameters: ParameterBuffer) -> [Double] {
        shares(parameters, of: Array(0..<count)).map { $0 * Double(count) }
    }
}
