import CKernels

/// Work areas that the plans of a run share: one arena a thread, and the buffers of the whole batch.
package final class Workspace {
    package let pool: ThreadPool
    let arenas: [GrowingBuffer]
    let scratches: [GrowingBuffer]
    let batch = GrowingBuffer()
    let kernels: UnsafePointer<amalgam_kernels>
    let sharing: Sharing

    /// - Parameter sharing: when threads work together on one slice; results do not depend on it.
    package init(threads: Int, sharing: Sharing = Sharing()) {
        kernels = Products.kernels
        self.sharing = sharing
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
    ///   - beginsStep: whether this is the plan's first batch of the step, so that losses of the parameters alone count; nil:
    ///     unless `accumulates`.
    ///   - counted: offsets of parameters whose own losses another plan of the step has counted.
    ///   - endsStep: whether no other batch of this plan belongs to the step. Until then, the gradients of parameters that
    ///     tensors are derived from are incomplete.
    ///   - differentiates: whether gradients are computed; without, a plan that trains runs forward alone, dropout included.
    /// - Returns: reads of `outputs` over the whole batch, valid until the workspace's next run.
    package func run(
        _ batch: PackedBatch, workspace: Workspace, stepKey: UInt64? = nil, accumulates: Bool = false,
        beginsStep: Bool? = nil, counted: Set<Int> = [], endsStep: Bool = true,
        differentiates: Bool = true
    ) -> PlanResults {
        let batch = prepared(batch)
        let floats = keptFloats(batch)
        let area = workspace.batch.reserve(floats + derived.keptFloats)
        var step = OpenStep(accumulates: accumulates)
        if accumulates, let openStep {
            step = openStep
        } else {
            derived.begin(workspace: workspace, stepKey: stepKey, accumulates: accumulates, area: area + floats)
        }
        let results = execute(
            batch, workspace: workspace, stepKey: stepKey, accumulates: accumulates, beginsStep: beginsStep,
            counted: counted, area: area, packing: packing, differentiates: differentiates)
        guard differentiates else { return results }
        if endsStep {
            derived.end(workspace: workspace, stepKey: stepKey, accumulates: step.accumulates, area: area + floats)
        }
        openStep = endsStep ? nil : step
        return results
    }

    /// Runs the plan's own operations.
    /// - Parameters:
    ///   - beginsStep, counted: see `run`.
    ///   - area: room for `keptFloats`.
    func execute(
        _ batch: PackedBatch, workspace: Workspace, stepKey: UInt64?, accumulates: Bool, beginsStep: Bool? = nil,
        counted: Set<Int> = [], area: UnsafeMutablePointer<Float>, packing: [PackingTask], differentiates: Bool = true
    ) -> PlanResults {
        let groups = groups(of: batch)
        let bases = keptLayout(batch, groups).offsets.map { area + $0 }
        workspace.pool.run(packing.count) { index, _ in packing[index].side.refresh(packing[index].panels) }
        if !accumulates && differentiates {
            for parameter in parameterGradients.zeroedFirst {
                parameter.gradient.update(repeating: 0, count: parameter.count)
            }
        }
        for (i, group) in groups.enumerated() {
            let schedule = schedule(batch, group, threads: workspace.pool.threads, workspace.sharing)
            func slice(_ slice: BatchSlice) -> SliceRun {
                SliceRun(
                    plan: self, batch: batch, slice: slice, group: group, stepKey: stepKey, keptBases: bases,
                    differentiates: differentiates)
            }
            for shared in schedule.shared { run(slice(shared), workspace) }
            workspace.pool.run(schedule.single.count) { index, thread in
                let run = slice(schedule.single[index])
                run.use(
                    arena: workspace.arenas[thread].reserve(run.arenaFloats), scratch: workspace.scratches[thread])
                run.run()
            }
            for (w, wave) in parameterGradients.waves.enumerated() where differentiates {
                let run = BatchRun(
                    plan: self, batch: batch, group: group, workspace: workspace, keptBases: bases,
                    accumulates: accumulates || i > 0 || w > 0, beginsStep: (beginsStep ?? !accumulates) && i == 0,
                    counted: counted)
                workspace.pool.run(wave.count) { index, _ in
                    operations[wave[index].operation].accumulate(unit: wave[index].unit, run)
                }
            }
        }
        return PlanResults(plan: self, bases: bases, batch: batch, workspace: workspace)
    }

    private func schedule(
        _ batch: PackedBatch, _ group: BatchSlice, threads: Int, _ sharing: Sharing = Sharing()
    ) -> Schedule {
        Schedule(
            batch.slices.filter { group.sequences.contains($0.sequences.lowerBound) }, of: group, threads: threads,
            // A step of one token each reads all weights for few rows
            least: batch.past == nil ? 0 : sharing.readRows, sharing)
    }

    /// All threads work on a slice: stage by stage, each on some parts.
    private func run(_ slice: SliceRun, _ workspace: Workspace) {
        let arena = workspace.arenas[0].reserve(slice.arenaFloats)
        let runs = workspace.scratches.indices.map { $0 == 0 ? slice : SliceRun(sharing: slice) }
        for (run, scratch) in zip(runs, workspace.scratches) { run.use(arena: arena, scratch: scratch) }
        for stage in Stage.all(self, slice, threads: workspace.pool.threads, workspace.sharing) {
            workspace.pool.run(stage.parts.count) { part, thread in runs[thread].run(stage, part: part) }
        }
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

    /// Floats of each thread's arena. Allocates none.
    func arenaFloats(_ batch: PackedBatch, threads: Int) -> [Int] {
        func floats(_ slice: BatchSlice) -> Int {
            SliceRun(plan: self, batch: batch, slice: slice, group: slice, stepKey: nil, keptBases: []).arenaFloats
        }
        var arenas = [Int](repeating: 0, count: threads)
        for group in groups(of: batch) {
            let schedule = schedule(batch, group, threads: threads)
            arenas[0] = max(arenas[0], schedule.shared.map(floats).max() ?? 0)
            // Which thread gets which slice is left to chance
            let longest = schedule.single.map(floats).max() ?? 0
            for thread in 0..<min(threads, schedule.single.count) { arenas[thread] = max(arenas[thread], longest) }
        }
        return arenas
    }

    /// Bytes of the work areas that a run over this batch needs: of the threads' arenas together, and of what all share,
    /// with the derived tensors. Allocates none.
    package func workBytes(_ batch: PackedBatch, threads: Int) -> (arenas: Int, shared: Int) {
        let batch = prepared(batch)
        let float = MemoryLayout<Float>.size
        let arenas = zip(arenaFloats(batch, threads: threads), derived.arenaFloats(threads: threads)).map {
            max($0, $1)
        }
        return (
            arenas.reduce(0, +) * float, (keptFloats(batch) + derived.keptFloats + derived.tensorFloats) * float
        )
    }

    /// Multiply-adds of the products that a run over this batch needs, forward and (in training) backward.
    package func multiplyAdds(_ batch: PackedBatch) -> Double {
        let batch = prepared(batch)
        return operations.indices.reduce(derived.multiplyAdds) { sum, i in
            sum
                + operations[i].multiplyAdds(
                    batch, inputGradients: runsBackward[i] ? gradients.modes[i].map { $0 != .none } : [], trains: trains
                )
        }
    }

    /// The regularizers' part of the loss, at the parameters' present values.
    /// - Parameter counted: offsets of parameters whose own losses do not count
    package func parameterLoss(counted: Set<Int> = []) -> Double {
        operations.filter { !$0.parameters.contains { counted.contains($0.offset) } }
            .reduce(derived.parameterLoss()) { $0 + $1.parameterLoss() }
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
