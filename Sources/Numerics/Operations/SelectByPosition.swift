/// Each row of one of several values, by its place in its sequence: of value n where the place is at least ends[n − 1] and
/// less than ends[n], of the last one from there on.
///
/// Values and y: [tokens or sequences, width]; a row for each sequence stands for its first token. Differentiable in all
/// values.
package final class SelectByPosition: RowSelection {
    package let inputs: [Value]
    private let ends: [Int]
    package let output: Value
    package var rowCut: RowCut { .own }

    /// - Parameter ends: ascending, one for each value; the last one's counts for nothing.
    package init(_ values: [Value], ends: [Int], in builder: PlanBuilder) {
        precondition(!values.isEmpty && values.count == ends.count, "\(ends.count) ends for \(values.count) values")
        precondition(zip(ends, ends.dropFirst()).allSatisfy(<=), "ends \(ends)")
        precondition(values[0].rows == .tokens || values[0].rows == .sequences, "places of \(values[0].rows)")
        for value in values { value.require(like: values[0], "a choice") }
        inputs = values
        self.ends = ends
        output = builder.value(values[0].rows, values[0].width)
    }

    package func forEachRow(_ run: SliceRun, _ body: (_ row: Int, _ choice: Int) -> Void) {
        let rows = run.range(output)
        guard output.rows == .tokens else {
            for row in 0..<rows.count { body(row, choice(0)) }
            return
        }
        let offsets = run.batch.offsets
        var sequence = run.slice.sequences.lowerBound
        for (row, token) in rows.enumerated() {
            while offsets[sequence + 1] <= token { sequence += 1 }
            body(row, choice(token - offsets[sequence]))
        }
    }

    private func choice(_ place: Int) -> Int { ends.dropLast().firstIndex { place < $0 } ?? ends.count - 1 }
}
