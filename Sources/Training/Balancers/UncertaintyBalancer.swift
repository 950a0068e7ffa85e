import Foundation
import Numerics

/// Weights each task by a variance that is learned with it (Kendall, Gal & Cipolla 2018).
///
/// The paper maximizes the likelihood of all tasks' answers, each with an observation noise σ² of its own. A regression with
/// squared error L then has the loss L / (2σ²) + log σ (equation 7), a classification with cross-entropy L the loss
/// L / σ² + log σ (equation 10, where σ² is the temperature of the softmax). As the paper advises, s = log σ² is what is
/// learned, since any s is a valid variance: exp(−s) L / 2 + s / 2 and exp(−s) L + s / 2. Both losses are means over the step's
/// targets. s starts at 0.
///
/// The ½ before a regression's loss is part of the model, a normal distribution of standardized numbers, and is kept: with
/// the best s (log L for numbers, log 2L for classes), exp(−s) is then 1 / L and 1 / 2L.
///
/// A task without a target in a step adds nothing to its loss, and its s is not moved.
package struct UncertaintyBalancer: LossBalancer {
    package static let name = "uncertainty"

    private let tasks: [BalancedTask]

    package init(_ tasks: [BalancedTask]) { self.tasks = tasks }

    private func tensor(_ task: BalancedTask) -> String { "balancer/\(task.name)/log_variance" }

    /// One number for each task.
    package var specs: [ParameterSpec] { tasks.map { ParameterSpec(tensor($0), [1], .zeros, decays: false) } }

    private func logVariances(_ parameters: ParameterBuffer) -> [Parameter?] {
        tasks.map { parameters[tensor($0)] }
    }

    /// exp(−s); exp(−s) / 2 of squared errors.
    package func coefficients(_ parameters: ParameterBuffer, key: UInt64) -> [Double] {
        zip(tasks, logVariances(parameters)).map { task, s in
            let precision = exp(-Double(s?.values[0] ?? 0))
            return task.output.hasSquaredError ? precision / 2 : precision
        }
    }

    /// d/ds (w + s / 2) = ½ − w, where w is the loss with its coefficient: both kinds of coefficients are their own negative
    /// derivative.
    package func pull(_ losses: [Double?], _ parameters: ParameterBuffer) -> (loss: Double, moved: [Parameter]) {
        var (loss, moved) = (0.0, [Parameter]())
        for (weighted, s) in zip(losses, logVariances(parameters)) {
            guard let weighted, let s else { continue }
            s.gradient[0] = Float(0.5 - weighted)
            loss += Double(s.values[0]) / 2
            moved.append(s)
        }
        return (loss, moved)
    }
}
