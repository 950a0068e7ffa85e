import CKernels

/// Work areas that the plans of a run share: one arena a thread, and the buffers of the whole batch.
package final class Workspace {
    package let pool: ThreadPool
    let arenas: [GrowingBuffer]
    let scratches: [GrowingBuffer]
    let batch = GrowingBuffer()
    let kernels: UnsafePointer<amalgam_kernels>

    package init(threads: Int) {
        kernels = Products.kernels
        pool = ThreadPool(threads: threads)
        arenas = (0..<pool.threads).map { _ in GrowingBuffer() }
        scratches = (0..<pool.threads).map { _ in GrowingBuffer() }
    }

    /// Gives the work areas' memory back until the next run.
    package func release() {
        for buffer in arenas + scratches + [batch] { buffer.release() }
    }

    /// Turns logits into probabilities, in place.
    package func softmax(_ x: UnsafeMutablePointer<Float>, count: Int) {
        if count > 0 { kernels.pointee.softmax(x, count) }
    }
}

extension Plan {
    /// Runs the plan over a batch: slices in parallel (forward and backward), then the parameters' gradients.
    ///
    /// Derived tensors are computed by the first run of a step, and their gradients are pulled back by its last.
    /// - Parameters:
    ///   - stepKey: (seed, step), mixed; nil: nothing is dropped.
    ///   - accumulates: adds to the parameters' gradients instead of writing them: from a step's second batch on.
    ///   - endsStep: whether no other batch of this plan belongs to the step. Until then, the gradients of parameters that
    ///     tensors are derived from are incomplete.
    /// - Returns: reads of `outputs` over the whole batch, valid until the workspace's next run.
    package func run(
        _ batch: PackedBatch, workspace: Workspace, stepKey: UInt64? = nil, accumulates: Bool = false,
        endsStep: Bool = true
    ) -> PlanResults {
        let floats = keptFloats(batch)
        let area = workspace.batch.reserve(floats + derived.keptFloats)
        var step = OpenStep(accumulates: accumulates)
        if accumulates, let openStep {
            step = openStep
        } else {
            derived.begin(workspace: workspace, stepKey: stepKey, accumulates: accumulates, area: area + floats)
        }
        let results = execute(
            batch, workspace: workspace, stepKey: stepKey, accumulates: accumulates, area: area, packing: packing)
        if endsStep {
            derived.end(workspace: workspace, stepKey: stepKey, accumulates: step.accumulates, area: area + floats)
        }
        openStep = endsStep ? nil : step
        return results
    }

    /// Runs the plan's own operations.
    /// - Parameters:
    ///   - beginsStep: whether losses of the parameters alone count; nil: unless `accumulates`.
    ///   - area: room for `keptFloats`.
    func execute(
        _ batch: PackedBatch, workspace: Workspace, stepKey: UInt64?, accumulates: Bool, beginsStep: Bool? = nil,
        area: UnsafeMutablePointer<Float>, packing: [PackingTask]
    ) -> PlanResults {
        let groups = groups(of: batch)
        let bases = keptLayout(batch, groups).offsets.map { area + $0 }
        workspace.pool.run(packing.count) { index, _ in packing[index].side.refresh(packing[index].panels) }
        if !accumulates {
            for parameter in parameterGradients.zeroedFirst {
                parameter.gradient.update(repeating: 0, count: parameter.count)
            }
        }
        for (i, group) in groups.enumerated() {
            // The longest first: then little is left at the end, while a thread has nothing to do
            let slices = batch.slices.filter { group.sequences.contains($0.sequences.lowerBound) }
                .sorted { $0.tokens.count > $1.tokens.count }
            workspace.pool.run(slices.count) { index, thread in
                SliceRun(
                    plan: self, batch: batch, slice: slices[index], group: group, stepKey: stepKey,
                    workspace: workspace, thread: thread, keptBases: bases
                ).execute()
            }
            for (w, wave) in parameterGradients.waves.enumerated() {
                let run = BatchRun(
                    plan: self, batch: batch, group: group, workspace: workspace, keptBases: bases,
                    accumulates: accumulates || i > 0 || w > 0, beginsStep: (beginsStep ?? !accumulates) && i == 0)
                workspace.pool.run(wave.count) { index, _ in
                    operations[wave[index].operation].accumulate(unit: wave[index].unit, run)
                }
            }
        }
        return PlanResults(plan: self, bases: bases, batch: batch, workspace: workspace)
    }

    /// Parameters' gradients are summed a group at a time. Without parameters, all slices are one group.
    private func groups(of batch: PackedBatch) -> [BatchSlice] {
        parameterGradients.waves.isEmpty
            ? [BatchSlice(tokens: 0..<batch.tokens, sequences: 0..<batch.count)] : batch.groups(tokens: groupTokens)
    }

    /// Where each kept value begins, and the floats of all.
    private func keptLayout(_ batch: PackedBatch, _ groups: [BatchSlice]) -> (offsets: [Int], total: Int) {
        var total = 0
        var offsets: [Int] = []
        for (i, shape) in kept.shapes.enumerated() {
            offsets.append(total)
            let rows =
                i < kept.outputs
                ? batch.rows(shape.rows) : groups.map { batch.range(shape.rows, in: $0).count }.max() ?? 0
            total += (rows * shape.width + 15) / 16 * 16
        }
        return (offsets, total)
    }

    /// Floats of the values that all threads share.
    func keptFloats(_ batch: PackedBatch) -> Int { keptLayout(batch, groups(of: batch)).total }

    /// Floats of a thread's arena. Allocates none.
    func arenaFloats(_ batch: PackedBatch) -> Int {
        let empty = Workspace(threads: 1)
        return batch.slices.map { slice in
            SliceRun(
                plan: self, batch: batch, slice: slice, group: slice, stepKey: nil, workspace: empty, thread: 0,
                keptBases: []
            ).arenaFloats
        }.max() ?? 0
    }

    /// Bytes of the work areas that a run over this batch needs: a thread's arena, and what all share, with the derived
    /// tensors. Allocates none.
    package func workBytes(_ batch: PackedBatch) -> (thread: Int, shared: Int) {
        let float = MemoryLayout<Float>.size
        return (
            max(arenaFloats(batch), derived.arenaFloats) * float,
            (keptFloats(batch) + derived.keptFloats + derived.tensorFloats) * float
        )
    }

    /// Multiply-adds of the products that a run over this batch needs, forward and (in training) backward.
    package func multiplyAdds(_ batch: PackedBatch) -> Double {
        operations.indices.reduce(derived.multiplyAdds) { sum, i in
            sum
                + operations[i].multiplyAdds(
                    batch, inputGradients: runsBackward[i] ? gradients.modes[i].map { $0 != .none } : [], trains: trains
                )
        }
    }

    /// The regularizers' part of the loss, at the parameters' present values.
    package func parameterLoss() -> Double {
        operations.reduce(derived.parameterLoss()) { $0 + $1.parameterLoss() }
    }
}

/// Reads a run's outputs.
package struct PlanResults {
    let plan: Plan
    let bases: [UnsafeMutablePointer<Float>]
    let batch: PackedBatch
    /// Owns the numbers.
    let workspace: Workspace

    /// [rows, width], over the whole batch; valid while the workspace lives and until its next run.
    package func values(_ value: Value) -> UnsafeBufferPointer<Float> {
        guard case .kept(let index) = plan.buffers.values[value.id] else {
            preconditionFailure("value \(value.id) is not an output of this plan")
        }
        return UnsafeBufferPointer(start: bases[index], count: batch.rows(value.rows) * value.width)
    }
}
