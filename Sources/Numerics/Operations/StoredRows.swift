/// y: rows that were computed before, and are now read.
///
/// y: [tokens or sequences, width]. Nothing below it gets a gradient.
package final class StoredRows: Operation {
    package let output: Value
    /// For each sequence of the batch that runs next, the first of its rows: one, or one for each token.
    package var sources: [UnsafePointer<Float>] = []

    /// - Parameter value: whose place it takes.
    package init(_ value: Value) {
        precondition(value.rows == .tokens || value.rows == .sequences, "stored rows of \(value.rows)")
        output = value
    }

    package var inputs: [Value] { [] }
    package var rowCut: RowCut { .own }

    package func forward(_ run: SliceRun) {
        let (y, width, rows, offsets) = (run.values(output), output.width, run.range(output), run.batch.offsets)
        precondition(sources.count == run.batch.count, "stored rows of \(sources.count) sequences, not of the batch's")
        guard output.rows == .tokens else {
            for (row, sequence) in rows.enumerated() {
                (y + row * width).update(from: sources[sequence], count: width)
            }
            return
        }
        for sequence in run.slice.sequences {
            let shown = (offsets[sequence]..<offsets[sequence + 1]).clamped(to: rows)
            (y + (shown.lowerBound - rows.lowerBound) * width).update(
                from: sources[sequence] + (shown.lowerBound - offsets[sequence]) * width, count: shown.count * width)
        }
    }

    package func backward(_ run: SliceRun) {}
}
