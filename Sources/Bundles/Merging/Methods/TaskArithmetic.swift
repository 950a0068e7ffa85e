import Adapters

/// Task arithmetic: Σ wₙ τₙ with any weights (Ilharco et al. 2023, section 2); negative ones take a task away.
///
/// τ is what an adapter adds: its parameters, for (IA)³ their difference from 1 (as Zhang et al. 2023 negate (IA)³), for LoRA ΔW.
package struct TaskArithmetic: LinearMerge {
    package static let name = "task_arithmetic"
    package static let summary = "the weighted sum, 1 each by default; negative weights take a task away"
    package static let options: Set<MergeOptions.Option> = [.rank]

    package let weights: [Double]

    package init(_ options: MergeOptions, count: Int) throws(MergeFault) {
        weights = try options.weights(count, default: 1)
    }
}
