/// A compiled list of operations: which ones run, what they keep, and where their values lie in memory. A step only runs
/// the list.
///
/// Operations whose output nothing reads are dropped. Gradients exist only above the lowest trainable tensor. Values that
/// are never needed at the same time share a buffer.
package final class Plan {
    package let operations: [any Operation]
    package let trains: Bool
    private let virtualTokens: VirtualTokens?
    let gradients: GradientFlow
    let kept: KeptValues
    let buffers: BufferLayout
    let parameterGradients: ParameterGradients
    let derived: DerivedPlans
    /// Trainable right sides of products, divided into ranges of panels: each run packs them again.
    let packing: [PackingTask]
    /// Tokens of a group of slices: the values that are kept for it take some 100 MB, or there are few.
    let groupTokens: Int

    /// The parameters that it gives gradients to, in the order of the buffer.
    package let parameters: [Parameter]
    /// Between the batches of a step: whether the derived tensors are computed, and whether the step's gradients were
    /// written before that by another plan.
    var openStep: OpenStep?

    struct OpenStep {
        let accumulates: Bool
    }

    /// Of each operation: whether its `backward` runs.
    package var runsBackward: [Bool] { gradients.runsBackward }

    /// - Parameters:
    ///   - outputs: values that are read after a run.
    ///   - trains: whether gradients are wanted. The last operation is then the loss.
    ///   - rows: what takes the place of a part that is computed by itself (`FrozenPart`); nil: nothing does.
    package init(_ builder: PlanBuilder, outputs: [Value], trains: Bool, reading rows: StoredRows? = nil) {
        operations =
            (rows.map { [$0 as any Operation] } ?? [])
            + Self.operations(of: builder, neededFor: outputs, given: rows?.output)
        self.trains = trains
        virtualTokens = builder.virtualTokens
        for operation in operations {
            let sets = operation.inputs.map(\.rows)
            switch operation.rowCut {
            case .none: break
            case .own: precondition(sets.allSatisfy { $0 == operation.output.rows }, "rows of \(sets) cut as one")
            case .gathered:
                precondition(sets.first.map { $0 != operation.output.rows } ?? false, "gathers from \(sets)")
            }
        }
        gradients = GradientFlow(operations, trains: trains)
        kept = KeptValues(operations, outputs: outputs, trains: trains)
        buffers = BufferLayout(Lifetime.all(operations, gradients), kept: kept)
        parameterGradients = ParameterGradients(trains ? operations : [])
        derived = DerivedPlans(operations, parameters: parameterGradients.parameters, trains: trains)
        parameters = (parameterGradients.parameters + derived.parameters).sorted { $0.offset < $1.offset }
        packing = PackingTask.all(operations, gradients)
        groupTokens = max(768, 25_000_000 / max(1, kept.floatsPerToken))
    }

    /// A batch as the operations see it.
    func prepared(_ batch: PackedBatch) -> PackedBatch { virtualTokens.map { batch.inserting($0) } ?? batch }

    /// The operations that the outputs depend on, in order.
    /// - Parameter given: a value that is known: what computes it is not needed.
    static func operations(
        of builder: PlanBuilder, neededFor outputs: [Value], given: Value? = nil
    ) -> [any Operation] {
        var needed = Set(outputs.map(\.id))
        var used: [any Operation] = []
        for operation in builder.operations.reversed()
        where needed.contains(operation.output.id) && operation.output.id != given?.id {
            needed.formUnion(operation.inputs.map(\.id))
            used.append(operation)
        }
        return used.reversed()
    }
}

/// Some panels of a trainable right side, which one thread packs.
struct PackingTask {
    let side: RightSide
    let panels: Range<Int>

    static func all(_ operations: [any Operation], _ gradients: GradientFlow) -> [PackingTask] {
        var seen = Set<ObjectIdentifier>()
        var tasks: [PackingTask] = []
        for (operation, differentiates) in zip(operations, gradients.runsBackward) {
            for side in operation.rightSides(differentiates: differentiates)
            where seen.insert(ObjectIdentifier(side)).inserted {
                for first in stride(from: 0, to: side.panels, by: 12) {
                    tasks.append(PackingTask(side: side, panels: first..<min(first + 12, side.panels)))
                }
            }
        }
        return tasks
    }
}
