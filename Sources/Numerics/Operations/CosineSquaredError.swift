/// loss[r] = (u_r · u_{r+1} − (target − low) / (high − low))² for the first row r of a pair, 0 for the second: the cosine of two
/// texts as their similarity (Reimers & Gurevych 2019, section 3, with the regression objective).
///
/// u: [rows, width], of length 1; loss: [rows, 1]. Pairs are neighboring rows, which no slice splits. Targets are numbers
/// (`HeadTargets.Values.numbers` of width 1): one for the first row of a pair, NaN where it is missing and for the second row.
package final class CosineSquaredError: Operation {
    private let units: Value
    private let head: Int
    private let range: ClosedRange<Double>
    package let output: Value

    /// - Parameters:
    ///   - head: whose targets in the batch it reads.
    ///   - range: the targets that stand for the cosines 0 and 1.
    package init(_ units: Value, head: Int, range: ClosedRange<Float>, in builder: PlanBuilder) {
        precondition(range.lowerBound < range.upperBound, "an empty range of scores")
        self.units = units
        self.head = head
        self.range = Double(range.lowerBound)...Double(range.upperBound)
        output = builder.value(units.rows, 1)
    }

    package var inputs: [Value] { [units] }
    package var readInBackward: [Value] { [units] }

    /// Calls `body` for each pair that has a target.
    /// - Parameter body: takes the first row, counted from the slice's first, and the difference from the target
    private func forEachPair(_ run: SliceRun, _ body: (_ row: Int, _ difference: Double) -> Void) {
        guard case .numbers(let targets, width: 1)? = run.batch.targets[head]?.values else { return }
        let (values, width, shown) = (run.values(units), units.width, run.range(units))
        for row in 0..<shown.count where !targets[shown.lowerBound + row].isNaN {
            precondition(row + 1 < shown.count, "a slice splits a pair")
            var cosine = 0.0
            for c in row * width..<(row + 1) * width { cosine += Double(values[c]) * Double(values[c + width]) }
            let target = Double(targets[shown.lowerBound + row])
            body(row, cosine - (target - range.lowerBound) / (range.upperBound - range.lowerBound))
        }
    }

    package func forward(_ run: SliceRun) {
        let losses = run.values(output)
        losses.update(repeating: 0, count: run.rows(units))
        forEachPair(run) { row, difference in losses[row] = Float(difference * difference) }
    }

    package func backward(_ run: SliceRun) {
        guard let gradient = run.gradient(0) else { return }
        precondition(!gradient.adds, "the loss is the rows' only consumer")
        let (dy, values, width) = (run.outputGradient, run.values(units), units.width)
        gradient.pointer.update(repeating: 0, count: run.rows(units) * width)
        forEachPair(run) { row, difference in
            let slope = 2 * difference * Double(dy[row])
            for c in row * width..<(row + 1) * width {
                gradient.pointer[c] = Float(slope * Double(values[c + width]))
                gradient.pointer[c + width] = Float(slope * Double(values[c]))
            }
        }
    }
}
