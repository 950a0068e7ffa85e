import Bundles
import Models
import Numerics

/// A task as a loss balancer sees it: one head with its loss.
package struct BalancedTask: Sendable {
    /// Of the head, as tensors are named by it.
    package let name: String
    /// Of the head: it decides which loss the task has.
    package let output: HeadOutput

    package init(name: String, output: HeadOutput) {
        self.name = name
        self.output = output
    }
}

/// How much each task's loss counts in multi-task training: it stands between the losses and the optimizer.
///
/// Before a step it says the coefficients; the plan's `Reduce` operations apply them. After the step's backward pass it gets
/// the losses, and writes the gradients of what it learns itself. A new balancer is one file, one line in
/// `LossBalancers.builtIn`, one test.
package protocol LossBalancer: Sendable {
    static var name: String { get }
    /// - Parameter tasks: in the order of the arrangement's heads
    init(_ tasks: [BalancedTask])
    /// The tensors that it learns. They lie in the run's parameter buffer, so that AdamW trains them, without weight decay,
    /// and checkpoints hold them with their moments. Bundles do not.
    var specs: [ParameterSpec] { get }
    /// What each head's mean loss is multiplied by in the next step; empty: all 1.
    /// - Parameter key: of the step's random numbers, which follows from the run's seed and the step.
    func coefficients(_ parameters: ParameterBuffer, key: UInt64) -> [Double]
    /// Writes the gradients of what it learns; values are the optimizer's to change, since the step may still be skipped.
    /// - Parameter losses: by head: the mean loss times its coefficient, finite; nil where the step had no target of it.
    /// - Returns: its own part of the step's loss, and the tensors that the optimizer is to move.
    func pull(_ losses: [Double?], _ parameters: ParameterBuffer) -> (loss: Double, moved: [Parameter])
}

package enum LossBalancers {
    package static let builtIn: [any LossBalancer.Type] = [
        EqualBalancer.self, UncertaintyBalancer.self, RandomBalancer.self,
    ]

    package static var names: [String] { builtIn.map { $0.name } }

    package static func named(_ name: String) -> (any LossBalancer.Type)? { builtIn.first { $0.name == name } }

    /// - Parameter heads: of the arrangement
    /// - Throws: `TrainingError.setting`
    static func make(_ name: String, for heads: [NamedHead]) throws(TrainingError) -> any LossBalancer {
        guard let type = named(name) else {
            throw .setting(name: "--balancer", found: name, expected: names.joined(separator: ", "))
        }
        return type.init(heads.map { BalancedTask(name: $0.name, output: $0.head.output) })
    }
}
