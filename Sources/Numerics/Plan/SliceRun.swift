import CKernels

/// What an operation sees of a slice, or of a part of it. Threads that share a slice have one each.
package final class SliceRun {
    package let batch: PackedBatch
    package let slice: BatchSlice
    /// (seed, step), mixed. nil in evaluation: nothing is dropped.
    package let stepKey: UInt64?
    package let kernels: UnsafePointer<amalgam_kernels>
    package let trains: Bool
    /// Floats of the arena that this slice needs.
    private(set) var arenaFloats: Int
    private let plan: Plan
    private let keptBases: [UnsafeMutablePointer<Float>]
    private let group: BatchSlice
    /// Floats of the arena before the first buffer of each shape.
    private let shapeOffsets: [Int]
    /// Floats of the arena before the own numbers of each operation.
    private var privateOffsets: [Int] = []
    private var arena: UnsafeMutablePointer<Float>?
    private var scratchBuffer: GrowingBuffer?
    /// Index of the operation that runs now.
    private var current = 0
    private var part = Part.whole

    init(
        plan: Plan, batch: PackedBatch, slice: BatchSlice, group: BatchSlice, stepKey: UInt64?,
        keptBases: [UnsafeMutablePointer<Float>], differentiates: Bool = true
    ) {
        self.plan = plan
        self.group = group
        self.batch = batch
        self.slice = slice
        self.stepKey = stepKey
        self.keptBases = keptBases
        kernels = Products.kernels
        trains = plan.trains && differentiates
        var floats = 0
        var offsets: [Int] = []
        for (shape, count) in zip(plan.buffers.shapes, plan.buffers.counts) {
            offsets.append(floats)
            floats += count * Self.padded(batch.range(shape.rows, in: slice).count * shape.width)
        }
        shapeOffsets = offsets
        arenaFloats = floats
        for (i, operation) in plan.operations.enumerated() {
            current = i
            privateOffsets.append(arenaFloats)
            arenaFloats += Self.padded(operation.privateFloats(self))
        }
    }

    private static func padded(_ count: Int) -> Int { (count + 15) / 16 * 16 }

    /// For another thread that works on the same slice.
    init(sharing other: SliceRun) {
        (plan, group, batch, slice) = (other.plan, other.group, other.batch, other.slice)
        (stepKey, keptBases, kernels, trains) = (other.stepKey, other.keptBases, other.kernels, other.trains)
        (shapeOffsets, privateOffsets, arenaFloats) = (other.shapeOffsets, other.privateOffsets, other.arenaFloats)
    }

    /// Gives it the memory that it works in.
    func use(arena: UnsafeMutablePointer<Float>, scratch: GrowingBuffer) {
        self.arena = arena
        scratchBuffer = scratch
    }

    /// The rows of a set that it shows, counted from the batch's first.
    package func range(_ rows: Rows) -> Range<Int> {
        let all = batch.range(rows, in: slice)
        guard case .rows(rows, let shown) = part else { return all }
        return all.lowerBound + shown.lowerBound..<all.lowerBound + shown.upperBound
    }

    package func range(_ value: Value) -> Range<Int> { range(value.rows) }

    package func rows(_ value: Value) -> Int { range(value.rows).count }

    /// Which of how many shares it shows; nil: not a share.
    package var share: (index: Int, of: Int)? {
        if case .share(let index, let count) = part { (index, count) } else { nil }
    }

    /// Rows of the slice before those that it shows.
    private func skipped(_ rows: Rows) -> Int {
        guard case .rows(rows, let shown) = part else { return 0 }
        return shown.lowerBound
    }

    private func pointer(_ value: Value, _ place: BufferLayout.Place?) -> UnsafeMutablePointer<Float> {
        let all = batch.range(value.rows, in: slice)
        let skipped = skipped(value.rows) * value.width
        switch place {
        case .arena(let shape, let index):
            guard let arena else { preconditionFailure("no arena") }
            return arena + shapeOffsets[shape] + index * Self.padded(all.count * value.width) + skipped
        case .kept(let index):
            let start = index < plan.kept.outputs ? 0 : batch.range(value.rows, in: group).lowerBound
            return keptBases[index] + (all.lowerBound - start) * value.width + skipped
        case nil: preconditionFailure("value \(value.id) has no place in this plan")
        }
    }

    /// The rows of a value that it shows, [rows, width].
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

    /// The current operation's own numbers (see `privateWidth`), of the rows that it shows.
    package var own: UnsafeMutablePointer<Float> {
        guard let arena else { preconditionFailure("no arena") }
        let operation = plan.operations[current]
        return arena + privateOffsets[current] + skipped(operation.output.rows) * operation.privateWidth
    }

    /// Numbers that last until the operation returns.
    package func scratch(_ count: Int) -> UnsafeMutablePointer<Float> {
        guard let scratchBuffer else { preconditionFailure("no scratch") }
        return scratchBuffer.reserve(count)
    }

    /// (example, position) of each row, for random numbers.
    package func withIdentities<Result>(_ rows: Rows, _ body: (UnsafePointer<UInt64>) -> Result) -> Result {
        batch.identities(rows).withUnsafeBufferPointer { all in
            guard let base = all.baseAddress else { return withUnsafePointer(to: 0) { body($0) } }
            return body(base + range(rows).lowerBound)
        }
    }

    /// Runs a stage over one of its parts.
    func run(_ stage: Stage, part index: Int) {
        part = stage.parts[index]
        defer { part = .whole }
        for i in stage.operations {
            current = i
            if stage.isBackward { plan.operations[i].backward(self) } else { plan.operations[i].forward(self) }
        }
    }

    /// Forward and backward of the whole slice.
    func run() {
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
