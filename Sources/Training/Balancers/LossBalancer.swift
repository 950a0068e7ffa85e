import Bundles
import Models
import Numerics

/// A task as a loss balancer sees it: one head with its loss.
package struct BalancedTask: Sendable {
    /// Of the head, as tensors are named by it.
    package let name: String
    /// Of the head: it decides which loss the task has.
    package let output: HeadOutput
    /// What the user wants its loss multiplied by; 1 for balancers that take no weights.
    package let weight: Double

    package init(name: String, output: HeadOutput, weight: Double = 1) {
        self.name = name
        self.output = output
        self.weight = weight
    }
}

/// How much each task's loss counts in multi-task training: it stands between the losses and the optimizer.
///
/// Before a step it says the coefficients; the plan's `Reduce` operations apply them. After the step's backward pass it gets
/// the losses, and writes the gradients of what it learns itself. A new balancer is one file, one line in
/// `LossBalancers.builtIn`, one test. Two kinds know more of a step, and cost more: `LossWatcher`, `GradientBalancer`.
package protocol LossBalancer: Sendable {
    static var name: String { get }
    /// Whether it reads `BalancedTask.weight`.
    static var takesWeights: Bool { get }
    /// - Parameter tasks: in the order of the arrangement's heads
    init(_ tasks: [BalancedTask])
    /// The tensors that it learns. They lie in the run's parameter buffer, so that AdamW trains those that `pull` returns,
    /// without weight decay, and checkpoints hold them with their moments. Bundles do not.
    var specs: [ParameterSpec] { get }
    /// What each head's mean loss is multiplied by in the next step; empty: all 1.
    /// - Parameter key: of the step's random numbers, which follows from the run's seed and the step.
    func coefficients(_ parameters: ParameterBuffer, key: UInt64) -> [Double]
    /// Writes the gradients of what it learns; values are the optimizer's to change, since the step may still be skipped.
    /// - Parameter losses: by head: the mean loss times its coefficient, finite; nil where the step had no target of it.
    /// - Returns: its own part of the step's loss, and the tensors that the optimizer is to move.
    func pull(_ losses: [Double?], _ parameters: ParameterBuffer) -> (loss: Double, moved: [Parameter])
    /// What each head's loss counts for by now, as results show it; empty: all 1, or 1 in the mean.
    func weights(_ parameters: ParameterBuffer) -> [Double]
}

extension LossBalancer {
    package static var takesWeights: Bool { false }
    package var specs: [ParameterSpec] { [] }
    package func coefficients(_ parameters: ParameterBuffer, key: UInt64) -> [Double] { [] }
    package func pull(_ losses: [Double?], _ parameters: ParameterBuffer) -> (loss: Double, moved: [Parameter]) {
        (0, [])
    }
    package func weights(_ parameters: ParameterBuffer) -> [Double] {
        specs.isEmpty ? [] : coefficients(parameters, key: 0)
    }
}

/// A balancer whose coefficients follow from the losses of the step itself, and which learns from what the step makes of
/// them. A step takes two more forward passes over its batch, with the same dropout: one before it and one after it.
package protocol LossWatcher: LossBalancer {
    /// What each head's mean loss is multiplied by.
    /// - Parameter losses: by head: its mean loss at the present values; nil where the step has no target of it.
    func coefficients(of losses: [Double?], _ parameters: ParameterBuffer) -> [Double]
    /// Moves its own tensors, once the optimizer has moved all others.
    /// - Parameters:
    ///   - before: the mean losses at the values before the step.
    ///   - after: of the same batch, at the values after it; all are finite.
    func learn(before: [Double?], after: [Double?], _ parameters: ParameterBuffer)
}

/// A balancer that makes a step's gradient of those of its tasks. Each task's part of the batch runs by itself.
package protocol GradientBalancer: LossBalancer {
    /// The factors of the tasks' gradients, whose sum is the gradient of the tensors that tasks share. A tensor that one task
    /// has for itself gets that task's gradient.
    /// - Parameters:
    ///   - products: scalar products of the gradients in the shared tensors, [tasks of the step][tasks of the step].
    ///   - key: of the step's random numbers.
    func factors(_ products: [[Double]], key: UInt64) -> [Double]
}

package enum LossBalancers {
    package static let builtIn: [any LossBalancer.Type] = [
        EqualBalancer.self, FixedBalancer.self, UncertaintyBalancer.self, RandomBalancer.self, FAMOBalancer.self,
        PCGradBalancer.self,
    ]

    package static var names: [String] { builtIn.map { $0.name } }

    package static func named(_ name: String) -> (any LossBalancer.Type)? { builtIn.first { $0.name == name } }

    /// - Throws: `TrainingError.setting` for an unknown name, or weights that are missing or not wanted
    static func check(_ name: String, weights: [String: Double]) throws(TrainingError) {
        guard let type = named(name) else {
            throw .setting(name: "--balancer", found: name, expected: names.joined(separator: ", "))
        }
        try TaskNumbers.check(weights, option: "--loss-weights")
        if !type.takesWeights, !weights.isEmpty {
            let takers = builtIn.filter { $0.takesWeights }.map { $0.name }
            throw .setting(
                name: "--loss-weights", found: "values for the balancer \(name)",
                expected: "none: they are for \(takers.joined(separator: ", "))")
        }
    }

    /// - Parameters:
    ///   - heads: of the arrangement.
    ///   - weights: by task.
    /// - Throws: `TrainingError.setting`
    static func make(
        _ name: String, weights: [String: Double] = [:], for heads: [NamedHead]
    ) throws(TrainingError) -> any LossBalancer {
        try check(name, weights: weights)
        guard let type = named(name) else { preconditionFailure("\(name) was checked") }
        let names = heads.map { $0.task?.name ?? $0.name }
        if type.takesWeights {
            try TaskNumbers.check(weights, option: "--loss-weights", of: names, isComplete: true)
        }
        return type.init(
            zip(heads, names).map {
                BalancedTask(name: $0.name, output: $0.head.output, weight: weights[$1] ?? 1)
            })
    }
}
