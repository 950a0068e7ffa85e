import CKernels

/// One row a sequence from its tokens' rows: the first token's, or their mean. x: [tokens, width]; y: [sequences, width].
package final class Pool: Operation {
    package enum Kind: String, Sendable, CaseIterable { case first, mean }

    private let x: Value
    private let kind: Kind
    package let output: Value

    package init(_ x: Value, _ kind: Kind, in builder: PlanBuilder) {
        precondition(x.rows == .tokens, "pooling of \(x.rows)")
        self.x = x
        self.kind = kind
        output = builder.value(.sequences, x.width)
    }

    package var inputs: [Value] { [x] }
    package var rowCut: RowCut { .gathered }
    package var computation: Computation? { Computation(self, [x], numbers: [kind == .first ? 0 : 1]) }

    /// The tokens that a sequence's row is made of, counted from the batch's first.
    private func used(_ batch: PackedBatch, _ sequence: Int) -> Range<Int> {
        let first = batch.offsets[sequence]
        return first..<(kind == .first ? first + 1 : batch.offsets[sequence + 1])
    }

    package func forward(_ run: SliceRun) {
        let width = x.width
        let (y, source, first) = (run.values(output), run.values(x), run.range(x).lowerBound)
        for (index, sequence) in run.range(output).enumerated() {
            let used = used(run.batch, sequence)
            let share = 1 / Float(used.count)
            for token in used {
                run.kernels.pointee.add(
                    y + index * width, source + (token - first) * width, width, share, token != used.lowerBound)
            }
        }
    }

    package func backward(_ run: SliceRun) {
        guard let target = run.gradient(0) else { return }
        let width = x.width
        let (dy, tokens) = (run.outputGradient, run.range(x))
        if kind == .first, !target.adds {
            target.pointer.update(repeating: 0, count: tokens.count * width)
        }
        for (index, sequence) in run.range(output).enumerated() {
            let used = used(run.batch, sequence)
            let share = 1 / Float(used.count)
            for token in used.clamped(to: tokens) {
                run.kernels.pointee.add(
                    target.pointer + (token - tokens.lowerBound) * width, dy + index * width, width, share, target.adds)
            }
        }
    }
}
