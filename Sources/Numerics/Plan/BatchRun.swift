import CKernels

/// What an operation sees of a group of slices when it sums its parameters' gradients.
package final class BatchRun {
    package let batch: PackedBatch
    /// The tokens and sequences that are summed now.
    package let group: BatchSlice
    package let kernels: UnsafePointer<amalgam_kernels>
    /// Whether gradients are added to what is there.
    package let accumulates: Bool
    /// Whether this is the step's first batch: losses of the parameters alone count once a step.
    private let beginsStep: Bool
    /// Offsets of parameters whose own losses another plan of the step has counted.
    private let counted: Set<Int>
    private let plan: Plan
    private let keptBases: [UnsafeMutablePointer<Float>]

    init(
        plan: Plan, batch: PackedBatch, group: BatchSlice, workspace: Workspace,
        keptBases: [UnsafeMutablePointer<Float>], accumulates: Bool, beginsStep: Bool, counted: Set<Int>
    ) {
        self.plan = plan
        self.group = group
        self.batch = batch
        self.keptBases = keptBases
        self.accumulates = accumulates
        self.beginsStep = beginsStep
        self.counted = counted
        kernels = workspace.kernels
    }

    package func rows(_ value: Value) -> Int { range(value).count }

    /// The group's rows of a value, counted from the batch's first.
    package func range(_ value: Value) -> Range<Int> { batch.range(value.rows, in: group) }

    package func values(_ value: Value) -> UnsafeMutablePointer<Float> { kept(value, plan.buffers.values[value.id]) }
    package func gradient(_ value: Value) -> UnsafeMutablePointer<Float> {
        kept(value, plan.buffers.gradients[value.id])
    }

    private func kept(_ value: Value, _ place: BufferLayout.Place?) -> UnsafeMutablePointer<Float> {
        guard case .kept(let index) = place else { preconditionFailure("a value was not kept for its parameters") }
        return keptBases[index] + (index < plan.kept.outputs ? range(value).lowerBound * value.width : 0)
    }

    /// Whether a loss of this parameter alone counts now.
    package func countsLoss(of parameter: Parameter) -> Bool { beginsStep && !counted.contains(parameter.offset) }

    /// Sets a gradient to zero unless it is added to.
    package func begin(_ parameter: Parameter) {
        if !accumulates { parameter.gradient.update(repeating: 0, count: parameter.count) }
    }
}
