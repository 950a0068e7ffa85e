import CKernels

/// What an operation sees of a slice.
package final class SliceRun {
    package let batch: PackedBatch
    package let slice: BatchSlice
    /// (seed, step), mixed. nil in evaluation: nothing is dropped.
    package let stepKey: UInt64?
    package let kernels: UnsafePointer<amalgam_kernels>
    package let trains: Bool
    private let plan: Plan
    private let keptBases: [UnsafeMutablePointer<Float>]
    private let group: BatchSlice
    /// Floats of the arena before the first buffer of each shape.
    private let shapeOffsets: [Int]
    private var privateOffsets: [Int] = []
    private var arena: UnsafeMutablePointer<Float>?
    /// Floats of the arena that this slice needs.
    private(set) var arenaFloats = 0
    private let arenaBuffer: GrowingBuffer
    private let scratchBuffer: GrowingBuffer
    /// Index of the operation that runs now.
    private var current = 0

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
        for (shape, count) in zip(plan.buffers.shapes, plan.buffers.counts) {
            offsets.append(total)
            total += count * Self.padded(batch.range(shape.rows, in: slice).count * shape.width)
        }
        shapeOffsets = offsets
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

    private func pointer(_ value: Value, _ place: BufferLayout.Place?) -> UnsafeMutablePointer<Float> {
        switch place {
        case .arena(let shape, let index):
            guard let arena else { preconditionFailure("no arena") }
            return arena + shapeOffsets[shape] + index * Self.padded(rows(value) * value.width)
        case .kept(let index):
            let start = index < plan.kept.outputs ? 0 : batch.range(value.rows, in: group).lowerBound
            return keptBases[index] + (range(value).lowerBound - start) * value.width
        case nil: preconditionFailure("value \(value.id) has no place in this plan")
        }
    }

    /// The slice's rows of a value, [rows, width].
    package func values(_ value: Value) -> UnsafeMutablePointer<Float> { pointer(value, plan.buffers.values[value.id]) }

    /// The gradient of the current operation's output.
    package var outputGradient: UnsafeMutablePointer<Float> {
        let output = plan.operations[current].output
        return pointer(output, plan.buffers.gradients[output.id])
    }

    /// Where the gradient of the current operation's `index`-th input goes. nil if nothing needs it.
    package func gradient(_ index: Int) -> GradientTarget? {
        let mode = plan.gradients.modes[current][index]
        guard mode != .none else { return nil }
        let input = plan.operations[current].inputs[index]
        return GradientTarget(pointer: pointer(input, plan.buffers.gradients[input.id]), adds: mode == .add)
    }

    /// Whether the current operation's `backward` will run. If not, it need not save what only `backward` reads.
    package var runsBackward: Bool { plan.runsBackward[current] }

    /// The current operation's own numbers (see `privateFloats`).
    package var own: UnsafeMutablePointer<Float> {
        guard let arena else { preconditionFailure("no arena") }
        return arena + privateOffsets[current]
    }

    /// Numbers that last until the operation returns.
    package func scratch(_ count: Int) -> UnsafeMutablePointer<Float> { scratchBuffer.reserve(count) }

    /// (example, position) of each row, for random numbers.
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
