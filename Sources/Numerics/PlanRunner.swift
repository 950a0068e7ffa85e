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
}

extension Workspace {
    /// Gives the work areas' memory back until the next run.
    package func release() {
        for buffer in arenas + scratches + [batch] { buffer.release() }
    }
}

/// What an operation sees of a slice.
package final class SliceRun {
    package let batch: PackedBatch
    package let slice: BatchSlice
    /// (seed, step), mixed; nil in evaluation, when nothing is dropped.
    package let stepKey: UInt64?
    package let kernels: UnsafePointer<amalgam_kernels>
    package let trains: Bool
    private let plan: Plan
    private let keptBases: [UnsafeMutablePointer<Float>]
    private let group: BatchSlice
    private let kindOffsets: [Int]
    private var privateOffsets: [Int] = []
    private var arena: UnsafeMutablePointer<Float>?
    /// Floats of the arena that this slice needs.
    private(set) var arenaFloats = 0
    private let arenaBuffer: GrowingBuffer
    private let scratchBuffer: GrowingBuffer
    fileprivate(set) var current = 0

    init(
        plan: Plan, batch: PackedBatch, slice: BatchSlice, group: BatchSlice, stepKey: UInt64?, workspace: Workspace,
        thread: Int, keptBases: [UnsafeMutablePointer<Float>]
    ) {
        self.plan = plan
        self.group = group
        self.batch = batch
        self.slice = slice
        self.stepKey = stepKey
        self.keptBases = keptBases
        kernels = workspace.kernels
        trains = plan.trains
        arenaBuffer = workspace.arenas[thread]
        scratchBuffer = workspace.scratches[thread]
        var total = 0
        var offsets: [Int] = []
        for (kind, count) in zip(plan.kinds, plan.kindCounts) {
            offsets.append(total)
            total += count * Self.padded(batch.range(kind.rows, in: slice).count * kind.width)
        }
        kindOffsets = offsets
        for (i, operation) in plan.operations.enumerated() {
            current = i
            privateOffsets.append(total)
            total += Self.padded(operation.privateFloats(self))
        }
        arenaFloats = total
    }

    private static func padded(_ count: Int) -> Int { (count + 15) / 16 * 16 }

    package func rows(_ value: Value) -> Int { range(value).count }

    /// The slice's rows of a value, counted from the batch's first.
    package func range(_ value: Value) -> Range<Int> { batch.range(value.rows, in: slice) }

    private func pointer(_ value: Value, _ place: Plan.Place) -> UnsafeMutablePointer<Float> {
        switch place {
        case .arena(let kind, let index):
            guard let arena else { preconditionFailure("no arena") }
            return arena + kindOffsets[kind] + index * Self.padded(rows(value) * value.width)
        case .kept(let index):
            let start = index < plan.keptOutputs ? 0 : batch.range(value.rows, in: group).lowerBound
            return keptBases[index] + (range(value).lowerBound - start) * value.width
        case .none: preconditionFailure("value \(value.id) has no place in this plan")
        }
    }

    /// The slice's rows of a value, [rows, width].
    package func values(_ value: Value) -> UnsafeMutablePointer<Float> { pointer(value, plan.valuePlaces[value.id]) }

    /// The gradient of the current operation's output.
    package var outputGradient: UnsafeMutablePointer<Float> {
        let output = plan.operations[current].output
        return pointer(output, plan.gradientPlaces[output.id])
    }

    /// Where the gradient of the current operation's `index`-th input goes; nil where nobody needs it.
    package func gradient(_ index: Int) -> GradientTarget? {
        let mode = plan.inputModes[current][index]
        guard mode != .none else { return nil }
        let input = plan.operations[current].inputs[index]
        return GradientTarget(pointer: pointer(input, plan.gradientPlaces[input.id]), adds: mode == .add)
    }

    /// Whether the current operation's `backward` will run: what only that reads need not be saved otherwise.
    package var runsBackward: Bool { plan.runsBackward[current] }

    /// The current operation's own numbers (see `privateFloats`).
    package var own: UnsafeMutablePointer<Float> {
        guard let arena else { preconditionFailure("no arena") }
        return arena + privateOffsets[current]
    }

    /// Numbers that last until the operation returns.
    package func scratch(_ count: Int) -> UnsafeMutablePointer<Float> { scratchBuffer.reserve(count) }

    /// A hash of (example, task, position) for each row, for random numbers.
    package func withIdentities<Result>(_ rows: Rows, _ body: (UnsafePointer<UInt64>) -> Result) -> Result {
        batch.identities(rows).withUnsafeBufferPointer { all in
            guard let base = all.baseAddress else { return withUnsafePointer(to: 0) { body($0) } }
            return body(base + batch.range(rows, in: slice).lowerBound)
        }
    }

    func execute() {
        arena = arenaBuffer.reserve(arenaFloats)
        for i in plan.operations.indices {
            current = i
            plan.operations[i].forward(self)
        }
        guard trains else { return }
        for i in plan.operations.indices.reversed() where plan.runsBackward[i] {
            current = i
            plan.operations[i].backward(self)
        }
    }
}

/// What an operation sees of a group of slices when it sums its parameters' gradients.
package final class BatchRun {
    package let batch: PackedBatch
    /// The tokens and sequences that are summed now.
    package let group: BatchSlice
    package let kernels: UnsafePointer<amalgam_kernels>
    /// Whether gradients are added to what is there.
    package let accumulates: Bool
    /// Whether this is the step's first batch: losses of the parameters alone count once a step.
    package let beginsStep: Bool
    private let plan: Plan
    private let keptBases: [UnsafeMutablePointer<Float>]

    init(
        plan: Plan, batch: PackedBatch, group: BatchSlice, workspace: Workspace,
        keptBases: [UnsafeMutablePointer<Float>], accumulates: Bool, beginsStep: Bool
    ) {
        self.plan = plan
        self.group = group
        self.batch = batch
        self.keptBases = keptBases
        self.accumulates = accumulates
        self.beginsStep = beginsStep
        kernels = workspace.kernels
    }

    package func rows(_ value: Value) -> Int { range(value).count }

    /// The group's rows of a value, counted from the batch's first.
    package func range(_ value: Value) -> Range<Int> { batch.range(value.rows, in: group) }

    package func values(_ value: Value) -> UnsafeMutablePointer<Float> { kept(value, plan.valuePlaces[value.id]) }
    package func gradient(_ value: Value) -> UnsafeMutablePointer<Float> { kept(value, plan.gradientPlaces[value.id]) }

    private func kept(_ value: Value, _ place: Plan.Place) -> UnsafeMutablePointer<Float> {
        guard case .kept(let index) = place else { preconditionFailure("a value was not kept for its parameters") }
        return keptBases[index] + (index < plan.keptOutputs ? range(value).lowerBound * value.width : 0)
    }

    /// Sets a gradient to zero unless it is to be added to.
    package func begin(_ parameter: Parameter) {
        if !accumulates { parameter.gradient.update(repeating: 0, count: parameter.count) }
    }
}

extension Plan {
    /// Runs the plan over a batch: slices in parallel (forward and backward), then the parameters' gradients.
    /// - Parameters:
    ///   - stepKey: (seed, step), mixed; nil: nothing is dropped.
    ///   - accumulates: adds to the parameters' gradients instead of writing them.
    /// - Returns: reads of `outputs` over the whole batch, valid until the workspace's next run.
    package func run(_ batch: PackedBatch, workspace: Workspace, stepKey: UInt64? = nil, accumulates: Bool = false)
        -> PlanResults
    {
        let groups = groups(of: batch)
        let (offsets, total) = keptLayout(batch, groups)
        let base = workspace.batch.reserve(total)
        let bases = offsets.map { base + $0 }
        if !packing.isEmpty {
            workspace.pool.run(packing.count) { index, _ in packing[index].side.refresh(packing[index].panels) }
        }
        if !accumulates {
            for parameter in late { parameter.gradient.update(repeating: 0, count: parameter.count) }
        }
        for (i, group) in groups.enumerated() {
            // The longest first: what is left at the end, while a thread has nothing to do, is short then
            let slices = batch.slices.filter { group.sequences.contains($0.sequences.lowerBound) }
                .sorted { $0.tokens.count > $1.tokens.count }
            workspace.pool.run(slices.count) { index, thread in
                SliceRun(
                    plan: self, batch: batch, slice: slices[index], group: group, stepKey: stepKey,
                    workspace: workspace, thread: thread, keptBases: bases
                ).execute()
            }
            for (wave, pieces) in units.enumerated() {
                let run = BatchRun(
                    plan: self, batch: batch, group: group, workspace: workspace, keptBases: bases,
                    accumulates: accumulates || i > 0 || wave > 0, beginsStep: !accumulates && i == 0)
                workspace.pool.run(pieces.count) { index, _ in
                    operations[pieces[index].operation].accumulate(unit: pieces[index].unit, run)
                }
            }
        }
        return PlanResults(plan: self, bases: bases, batch: batch, workspace: workspace)
    }

    /// Parameters' gradients are summed a group at a time; without them all slices are one group.
    private func groups(of batch: PackedBatch) -> [BatchSlice] {
        units.isEmpty
            ? [BatchSlice(tokens: 0..<batch.tokens, sequences: 0..<batch.count)] : batch.groups(tokens: groupTokens)
    }

    /// Where each kept value begins, and the floats of all.
    private func keptLayout(_ batch: PackedBatch, _ groups: [BatchSlice]) -> (offsets: [Int], total: Int) {
        var total = 0
        var offsets: [Int] = []
        for (i, kind) in kept.enumerated() {
            offsets.append(total)
            let rows = i < keptOutputs ? batch.rows(kind.rows) : groups.map { batch.range(kind.rows, in: $0).count }.max() ?? 0
            total += (rows * kind.width + 15) / 16 * 16
        }
        return (offsets, total)
    }

    /// Bytes of the work areas that a run over this batch needs: a thread's arena, and what all share. Allocates none.
    package func workBytes(_ batch: PackedBatch) -> (thread: Int, shared: Int) {
        let empty = Workspace(threads: 1)
        let arena =
            batch.slices.map { slice in
                SliceRun(
                    plan: self, batch: batch, slice: slice, group: slice, stepKey: nil, workspace: empty, thread: 0,
                    keptBases: []
                ).arenaFloats
            }.max() ?? 0
        return (arena * 4, keptLayout(batch, groups(of: batch)).total * 4)
    }

    /// Multiply-adds of the products that a run over this batch needs, forward and (in training) backward.
    package func multiplyAdds(_ batch: PackedBatch) -> Double {
        operations.indices.reduce(0) { sum, i in
            sum
                + operations[i].multiplyAdds(
                    batch, inputGradients: runsBackward[i] ? inputModes[i].map { $0 != .none } : [], trains: trains)
        }
    }

    /// The regularisers' part of the loss, at the parameters' present values.
    package func parameterLoss() -> Double { operations.reduce(0) { $0 + $1.parameterLoss() } }
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
        guard case .kept(let index) = plan.valuePlaces[value.id] else {
            preconditionFailure("value \(value.id) is not an output of this plan")
        }
        return UnsafeBufferPointer(start: bases[index], count: batch.rows(value.rows) * value.width)
    }
}

extension Workspace {
    /// Turns logits into probabilities, in place.
    package func softmax(_ x: UnsafeMutablePointer<Float>, count: Int) {
        if count > 0 { kernels.pointee.softmax(x, count) }
    }
}
