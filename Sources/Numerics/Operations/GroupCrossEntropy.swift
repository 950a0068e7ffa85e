#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// loss[r] = −Σ_c t_c log softmax(logits of r's group)_c for the row r of a group that is the right one, 0 for its others: one
/// of several rows is chosen, as the choices of a question are (transformers' `…ForMultipleChoice`).
///
/// logits: [rows, 1], y: [rows, 1]. Groups are runs of the head's rows (`HeadTargets.groups`), which no slice splits; the right row
/// has class 0, the others −1. t is 1 for the right row and 0 for others, smoothed by ε: (1 − ε) t + ε / rows of the
/// group. A group without a right row has no loss.
package final class GroupCrossEntropy: Operation {
    private let logits: Value
    private let head: Int
    private let smoothing: Double
    package let output: Value

    /// - Parameters:
    ///   - head: whose targets in the batch it reads.
    ///   - smoothing: ε in 0..<1.
    package init(_ logits: Value, head: Int, smoothing: Float = 0, in builder: PlanBuilder) {
        precondition(logits.width == 1, "logits of width \(logits.width)")
        self.logits = logits
        self.head = head
        self.smoothing = Double(smoothing)
        output = builder.value(logits.rows, 1)
    }

    package var inputs: [Value] { [logits] }
    package var readInBackward: [Value] { [logits] }

    /// Calls `body` for each group of the slice that has a right row.
    /// - Parameter body: takes the group's rows, counted from the slice's first, and which of them is right
    private func forEachGroup(_ run: SliceRun, _ body: (_ rows: Range<Int>, _ right: Int) -> Void) {
        guard let targets = run.batch.targets[head], case .classes(let classes) = targets.values,
            let groups = targets.groups
        else { return }
        let shown = run.range(logits)
        var first = 0
        for count in groups {
            defer { first += count }
            guard shown.contains(first) else { continue }
            let rows = first..<first + count
            precondition(rows.upperBound <= shown.upperBound, "a slice splits a group")
            guard let right = rows.first(where: { classes[$0] >= 0 }) else { continue }
            body(first - shown.lowerBound..<rows.upperBound - shown.lowerBound, right - shown.lowerBound)
        }
    }

    /// The share of a row in its group's target.
    private func share(isRight: Bool, of count: Int) -> Double {
        (isRight ? 1 - smoothing : 0) + smoothing / Double(count)
    }

    package func forward(_ run: SliceRun) {
        let (losses, values) = (run.values(output), run.values(logits))
        losses.update(repeating: 0, count: run.rows(logits))
        forEachGroup(run) { rows, right in
            let norm = CrossEntropy.logSum(values + rows.lowerBound, rows.count)
            losses[right] = Float(
                rows.reduce(0.0) {
                    $0 + share(isRight: $1 == right, of: rows.count) * (norm - Double(values[$1]))
                })
        }
    }

    package func backward(_ run: SliceRun) {
        guard let gradient = run.gradient(0) else { return }
        precondition(!gradient.adds, "the loss is its logits' only consumer")
        let (dy, values) = (run.outputGradient, run.values(logits))
        gradient.pointer.update(repeating: 0, count: run.rows(logits))
        forEachGroup(run) { rows, right in
            let norm = CrossEntropy.logSum(values + rows.lowerBound, rows.count)
            for row in rows {
                let target = share(isRight: row == right, of: rows.count)
                gradient.pointer[row] = Float((exp(Double(values[row]) - norm) - target) * Double(dy[right]))
            }
        }
    }
}
