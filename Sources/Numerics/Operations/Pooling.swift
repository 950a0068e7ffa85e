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

    private func forEachSequence(_ run: SliceRun, _ body: (_ index: Int, _ rows: Range<Int>) -> Void) {
        let first = run.slice.tokens.lowerBound
        for (index, sequence) in run.slice.sequences.enumerated() {
            body(index, run.batch.offsets[sequence] - first..<run.batch.offsets[sequence + 1] - first)
        }
    }

    package func forward(_ run: SliceRun) {
        let width = x.width
        let source = run.values(x)
        forEachSequence(run) { index, rows in
            let y = run.values(output) + index * width
            let used = kind == .first ? rows.prefix(1) : rows
            let share = 1 / Float(used.count)
            for row in used { run.kernels.pointee.add(y, source + row * width, width, share, row != used.lowerBound) }
        }
    }

    package func backward(_ run: SliceRun) {
        guard let target = run.gradient(0) else { return }
        let width = x.width
        let dy = run.outputGradient
        if kind == .first, !target.adds {
            target.pointer.update(repeating: 0, count: run.rows(x) * width)
        }
        forEachSequence(run) { index, rows in
            let used = kind == .first ? rows.prefix(1) : rows
            let share = 1 / Float(used.count)
            for row in used {
                run.kernels.pointee.add(target.pointer + row * width, dy + index * width, width, share, target.adds)
            }
        }
    }
}
