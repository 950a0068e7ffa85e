/// Other rows at the ends of sequences: y[t] = last[t] for the last `suffix` rows of a sequence, else first[t] for its first
/// `prefix` rows, else x[t].
///
/// All values: [tokens or sequences, width]; a row for each sequence stands for its first token. Differentiable in all values.
package final class SelectByEdge: RowSelection {
    package let inputs: [Value]
    private let prefix: Int
    private let suffix: Int
    /// Of `inputs`; 0: x.
    private let first: Int
    private let last: Int
    package let output: Value
    package var rowCut: RowCut { .own }

    /// - Parameters:
    ///   - first: nil with a prefix of 0
    ///   - last: nil with a suffix of 0; it may be `first`
    package init(_ x: Value, first: (Value, prefix: Int)?, last: (Value, suffix: Int)?, in builder: PlanBuilder) {
        precondition(x.rows == .tokens || x.rows == .sequences, "ends of \(x.rows)")
        precondition((first?.prefix ?? 0) >= 0 && (last?.suffix ?? 0) >= 0, "a negative number of rows")
        var inputs = [x]
        for value in [first?.0, last?.0].compactMap({ $0 }) {
            value.require(like: x, "the other rows")
            if inputs.last != value { inputs.append(value) }
        }
        self.inputs = inputs
        prefix = first?.prefix ?? 0
        suffix = last?.suffix ?? 0
        self.first = first == nil ? 0 : 1
        self.last = last == nil ? 0 : inputs.count - 1
        output = builder.value(x.rows, x.width)
    }

    package func forEachRow(_ run: SliceRun, _ body: (_ row: Int, _ choice: Int) -> Void) {
        let rows = run.range(output)
        let offsets = run.batch.offsets
        func choice(_ place: Int, of length: Int) -> Int {
            place >= length - suffix ? last : place < prefix ? first : 0
        }
        guard output.rows == .tokens else {
            for (row, sequence) in rows.enumerated() {
                body(row, choice(0, of: offsets[sequence + 1] - offsets[sequence]))
            }
            return
        }
        var sequence = run.slice.sequences.lowerBound
        for (row, token) in rows.enumerated() {
            while offsets[sequence + 1] <= token { sequence += 1 }
            let start = offsets[sequence]
            body(row, choice(token - start, of: offsets[sequence + 1] - start))
        }
    }
}
