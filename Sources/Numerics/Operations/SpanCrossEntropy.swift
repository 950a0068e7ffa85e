#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// loss[w] = ½ (CE(start logits of window w, start) + CE(end logits of window w, end)), one raw loss a window.
///
/// logits: [rows, 2], a start and an end logit for each token of the windows; y: [rows, 1], a window's loss in the row of its
/// first token, 0 elsewhere. Windows and targets are `HeadTargets.Values.spans`; a window without a target has loss 0. Equals
/// `transformers`' heads for question answering (Devlin et al. 2019, section 4.2) on windows without padding, whose logits
/// those count as well.
///
/// With a teacher, whose distributions over a window's rows are `HeadTargets.teacher` ([rows, 2]), each of the two terms is (1 − α)
/// times its cross-entropy plus `TeacherTerm`; a window without a target has the teacher's part alone.
package final class SpanCrossEntropy: Operation {
    private let logits: Value
    private let head: Int
    private let term: TeacherTerm?
    package let output: Value

    /// - Parameters:
    ///   - head: whose targets in the batch it reads.
    ///   - teacher: nil: there is none.
    package init(_ logits: Value, head: Int, teacher: TeacherTerm? = nil, in builder: PlanBuilder) {
        precondition(logits.width == 2, "a start and an end logit, not \(logits.width)")
        self.logits = logits
        self.head = head
        term = teacher
        output = builder.value(logits.rows, 1)
    }

    package var inputs: [Value] { [logits] }
    package var readInBackward: [Value] { [logits] }

    /// Calls `body` for each window of the slice with its rows and, counted alike, its start and end; nil: it has no target.
    private func forEachWindow(_ run: SliceRun, _ body: (_ rows: Range<Int>, _ span: (start: Int, end: Int)?) -> Void) {
        let all = run.range(logits)
        guard case .spans(let tokens)? = run.batch.targets[head]?.values else { return body(0..<all.count, nil) }
        var first = all.lowerBound
        while first < all.upperBound {
            let window = HeadTargets.Values.window(tokens, from: first, limit: all.upperBound)
            body(
                window.rows.lowerBound - all.lowerBound..<window.rows.upperBound - all.lowerBound,
                window.span.map { ($0.start - all.lowerBound, $0.end - all.lowerBound) })
            first = window.rows.upperBound
        }
    }

    /// log Σ exp over a column of some rows.
    private static func logSum(_ values: UnsafePointer<Float>, _ rows: Range<Int>, column: Int) -> Double {
        var top = -Double.infinity
        for row in rows { top = max(top, Double(values[2 * row + column])) }
        var sum = 0.0
        for row in rows { sum += exp(Double(values[2 * row + column]) - top) }
        return log(sum) + top
    }

    /// The logits of a column of a window with the teacher's distribution; nil: the teacher says nothing of it.
    private func entries(
        _ rows: Range<Int>, _ column: Int, _ values: UnsafePointer<Float>, _ run: SliceRun
    ) -> TeacherTerm.Entries? {
        guard term != nil, let teacher = run.batch.targets[head]?.teacher else { return nil }
        let first = 2 * (run.range(logits).lowerBound + rows.lowerBound) + column
        guard !teacher[first].isNaN else { return nil }
        return .init(
            logits: values + 2 * rows.lowerBound + column, count: rows.count, teacher: teacher, first: first, stride: 2)
    }

    package func forward(_ run: SliceRun) {
        let (losses, values) = (run.values(output), run.values(logits))
        losses.update(repeating: 0, count: run.rows(output))
        let rest = term.map { 1 - $0.alpha } ?? 1
        forEachWindow(run) { rows, span in
            var loss = 0.0
            if let span {
                let start = Self.logSum(values, rows, column: 0) - Double(values[2 * span.start])
                let end = Self.logSum(values, rows, column: 1) - Double(values[2 * span.end + 1])
                loss = rest * (start + end)
            }
            if let term {
                for column in 0..<2 {
                    if let entries = entries(rows, column, values, run) { loss += term.loss(entries) }
                }
            }
            losses[rows.lowerBound] = Float(loss / 2)
        }
    }

    package func backward(_ run: SliceRun) {
        guard let gradient = run.gradient(0) else { return }
        precondition(!gradient.adds, "the loss is its logits' only consumer")
        let (dy, values) = (run.outputGradient, run.values(logits))
        gradient.pointer.update(repeating: 0, count: 2 * run.rows(logits))
        let rest = term.map { 1 - $0.alpha } ?? 1
        forEachWindow(run) { rows, span in
            let share = Double(dy[rows.lowerBound]) / 2
            for column in 0..<2 {
                var slopes = [Double](repeating: 0, count: rows.count)
                if let span {
                    let target = column == 0 ? span.start : span.end
                    let norm = Self.logSum(values, rows, column: column)
                    for row in rows {
                        let probability = exp(Double(values[2 * row + column]) - norm)
                        slopes[row - rows.lowerBound] = rest * (probability - (row == target ? 1 : 0))
                    }
                }
                if let term, let entries = entries(rows, column, values, run) {
                    term.slopes(entries) { slopes[$0] += $1 }
                }
                for row in rows {
                    gradient.pointer[2 * row + column] = Float(share * slopes[row - rows.lowerBound])
                }
            }
        }
    }
}
