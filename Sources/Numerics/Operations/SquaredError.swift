/// loss[r] = mean over the row's targets of ((y − target) / scale)², one raw loss a row.
///
/// predictions: [rows, width], in units of the scale; targets in the data's own units: the prediction of number c is
/// compared with (target − mean_c) / scale_c. A number that is missing (NaN) does not count; a row without any has loss 0.
package final class SquaredError: Operation {
    private let predictions: Value
    private let head: Int
    private let means: [Float]
    private let scales: [Float]
    package let output: Value

    /// - Parameters:
    ///   - head: whose targets in the batch it reads.
    ///   - means, scales: of each number; scales are over 0.
    package init(_ predictions: Value, head: Int, means: [Float], scales: [Float], in builder: PlanBuilder) {
        precondition(
            means.count == predictions.width && scales.count == predictions.width && scales.allSatisfy { $0 > 0 },
            "one mean and one scale for each number")
        self.predictions = predictions
        self.head = head
        self.means = means
        self.scales = scales
        output = builder.value(predictions.rows, 1)
    }

    package var inputs: [Value] { [predictions] }
    package var rowCut: RowCut { .own }
    package var readInBackward: [Value] { [predictions] }

    /// Calls `body` for each row with the differences of its numbers; nil where one is missing.
    private func forEachRow(_ run: SliceRun, _ body: (_ row: Int, _ difference: (Int) -> Double?) -> Void) {
        let (values, width) = (run.values(predictions), predictions.width)
        guard case .numbers(let targets, width)? = run.batch.targets[head]?.values else {
            for row in 0..<run.rows(predictions) { body(row) { _ in nil } }
            return
        }
        for (row, i) in run.range(predictions).enumerated() {
            body(row) { c in
                let target = targets[i * width + c]
                guard !target.isNaN else { return nil }
                return Double(values[row * width + c]) - (Double(target) - Double(means[c])) / Double(scales[c])
            }
        }
    }

    package func forward(_ run: SliceRun) {
        let losses = run.values(output)
        forEachRow(run) { row, difference in
            var (sum, count) = (0.0, 0)
            for c in 0..<predictions.width {
                guard let d = difference(c) else { continue }
                sum += d * d
                count += 1
            }
            losses[row] = count > 0 ? Float(sum / Double(count)) : 0
        }
    }

    package func backward(_ run: SliceRun) {
        guard let gradient = run.gradient(0) else { return }
        precondition(!gradient.adds, "the loss is the predictions' only consumer")
        let (dy, width) = (run.outputGradient, predictions.width)
        forEachRow(run) { row, difference in
            let count = (0..<width).count { difference($0) != nil }
            for c in 0..<width {
                gradient.pointer[row * width + c] =
                    difference(c).map { Float(2 * $0 / Double(count) * Double(dy[row])) } ?? 0
            }
        }
    }
}
