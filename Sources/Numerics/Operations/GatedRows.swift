import CKernels

/// y[r] = g[s(r), column] · x[r]: each row times its sequence's gate.
///
/// x, y: [tokens, width] or [sequences, width]; g: [sequences, columns]. Differentiable in x and g.
package final class GatedRows: Operation {
    private let x: Value
    private let gate: Value
    private let column: Int
    package let output: Value

    /// - Parameter column: of the gate.
    package init(_ x: Value, by gate: Value, column: Int = 0, in builder: PlanBuilder) {
        precondition(x.rows == .tokens || x.rows == .sequences, "a gate on \(x.rows)")
        precondition(
            gate.rows == .sequences && (0..<gate.width).contains(column),
            "column \(column) of a gate of width \(gate.width) for \(gate.rows)")
        self.x = x
        self.gate = gate
        self.column = column
        output = builder.value(x.rows, x.width)
    }

    package var inputs: [Value] { [x, gate] }
    package var readInBackward: [Value] { [x, gate] }
    /// A gate's gradient is a sum over all rows of its sequence.
    package var rowCut: RowCut { x.rows == .sequences ? .own : .none }

    /// Calls `body` with each sequence's index in the gate and its rows, counted from the first that `run` shows.
    private func forEachSequence(_ run: SliceRun, _ body: (_ index: Int, _ rows: Range<Int>) -> Void) {
        let first = run.range(x).lowerBound
        for (index, sequence) in run.range(gate).enumerated() {
            let rows =
                x.rows == .sequences
                ? index..<index + 1 : run.batch.offsets[sequence] - first..<run.batch.offsets[sequence + 1] - first
            body(index, rows)
        }
    }

    package func forward(_ run: SliceRun) {
        let (y, source, g, width) = (run.values(output), run.values(x), run.values(gate), x.width)
        forEachSequence(run) { index, rows in
            let first = rows.lowerBound * width
            run.kernels.pointee.add(
                y + first, source + first, rows.count * width, g[index * gate.width + column], false)
        }
    }

    package func backward(_ run: SliceRun) {
        let (dy, width) = (run.outputGradient, x.width)
        if let target = run.gradient(0) {
            let g = run.values(gate)
            forEachSequence(run) { index, rows in
                let first = rows.lowerBound * width
                run.kernels.pointee.add(
                    target.pointer + first, dy + first, rows.count * width, g[index * gate.width + column], target.adds)
            }
        }
        guard let target = run.gradient(1) else { return }
        let (source, sums) = (run.values(x), run.scratch(width))
        forEachSequence(run) { index, rows in
            let first = rows.lowerBound * width
            sums.update(repeating: 0, count: width)
            run.kernels.pointee.column_sums(sums, dy + first, source + first, rows.count, width)
            var sum: Float = 0
            for i in 0..<width { sum += sums[i] }
            let gradient = target.pointer + index * gate.width
            if !target.adds { gradient.update(repeating: 0, count: gate.width) }
            gradient[column] += sum
        }
    }
}
