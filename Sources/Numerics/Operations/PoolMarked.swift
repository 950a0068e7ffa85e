import CKernels

/// One row for each sequence that a head reads: those whose first token it marks, in a batch of several tasks.
///
/// x: [tokens, width], of which each sequence's rows are averaged; or [sequences, width], of which its row is taken.
/// y: [marked tokens, width], the marks being sequences' first tokens.
package final class PoolMarked: Operation {
    private let x: Value
    private let head: Int
    package let output: Value

    package init(_ x: Value, head: Int, in builder: PlanBuilder) {
        precondition(x.rows == .tokens || x.rows == .sequences, "pooling of \(x.rows)")
        self.x = x
        self.head = head
        output = builder.value(.marked(head: head), x.width)
    }

    package var inputs: [Value] { [x] }

    /// Calls `body` with the index of each marked sequence's row in the output and its rows in x, counted from the slice's
    /// first.
    private func forEachSequence(_ run: SliceRun, _ body: (_ index: Int, _ rows: Range<Int>) -> Void) {
        guard let marks = run.batch.targets[head]?.marks else { return }
        let (slice, offsets) = (run.slice, run.batch.offsets)
        var sequence = slice.sequences.lowerBound
        for (index, mark) in run.range(output).enumerated() {
            while offsets[sequence] < Int(marks[mark]) { sequence += 1 }
            precondition(offsets[sequence] == Int(marks[mark]), "a mark within a sequence")
            if x.rows == .tokens {
                let first = slice.tokens.lowerBound
                body(index, offsets[sequence] - first..<offsets[sequence + 1] - first)
            } else {
                let row = sequence - slice.sequences.lowerBound
                body(index, row..<row + 1)
            }
        }
    }

    package func forward(_ run: SliceRun) {
        let (y, source, width) = (run.values(output), run.values(x), x.width)
        forEachSequence(run) { index, rows in
            let share = 1 / Float(rows.count)
            for row in rows {
                run.kernels.pointee.add(y + index * width, source + row * width, width, share, row != rows.lowerBound)
            }
        }
    }

    package func backward(_ run: SliceRun) {
        guard let target = run.gradient(0) else { return }
        let (dy, width) = (run.outputGradient, x.width)
        if !target.adds { target.pointer.update(repeating: 0, count: run.rows(x) * width) }
        forEachSequence(run) { index, rows in
            let share = 1 / Float(rows.count)
            for row in rows {
                run.kernels.pointee.add(target.pointer + row * width, dy + index * width, width, share, true)
            }
        }
    }
}
