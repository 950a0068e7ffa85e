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
///
/// With a teacher, whose distribution over a group's rows is `HeadTargets.teacher` ([rows, 1]), the loss is (1 − α) times this
/// plus `TeacherTerm`, in the right row, or in the first one where no row is right.
package final class GroupCrossEntropy: Operation {
    private let logits: Value
    private let head: Int
    private let smoothing: Double
    private let term: TeacherTerm?
    package let output: Value

    /// - Parameters:
    ///   - head: whose targets in the batch it reads.
    ///   - smoothing: ε in 0..<1.
    ///   - teacher: nil: there is none.
    package init(
        _ logits: Value, head: Int, smoothing: Float = 0, teacher: TeacherTerm? = nil, in builder: PlanBuilder
    ) {
        precondition(logits.width == 1, "logits of width \(logits.width)")
        self.logits = logits
        self.head = head
        self.smoothing = Double(smoothing)
        term = teacher
        output = builder.value(logits.rows, 1)
    }

    package var inputs: [Value] { [logits] }
    package var readInBackward: [Value] { [logits] }

    /// A group with a loss: its rows and the right one, counted from the slice's first, and where the teacher's values of it begin.
    private struct Group {
        let rows: Range<Int>
        let right: Int?
        let taught: (values: [Float], first: Int)?

        /// The row that has the loss.
        var owner: Int { right ?? rows.lowerBound }
    }

    /// Calls `body` for each group of the slice that has a right row or a teacher.
    private func forEachGroup(_ run: SliceRun, _ body: (Group) -> Void) {
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
            let right = rows.first { classes[$0] >= 0 }
            let taught = targets.teacher.flatMap { term == nil || $0[first].isNaN ? nil : (values: $0, first: first) }
            guard right != nil || taught != nil else { continue }
            body(
                Group(
                    rows: first - shown.lowerBound..<rows.upperBound - shown.lowerBound,
                    right: right.map { $0 - shown.lowerBound }, taught: taught))
        }
    }

    private func entries(_ group: Group, _ values: UnsafePointer<Float>) -> TeacherTerm.Entries? {
        group.taught.map {
            .init(
                logits: values + group.rows.lowerBound, count: group.rows.count, teacher: $0.values, first: $0.first)
        }
    }

    /// The share of a row in its group's target.
    private func share(isRight: Bool, of count: Int) -> Double {
        (isRight ? 1 - smoothing : 0) + smoothing / Double(count)
    }

    package func forward(_ run: SliceRun) {
        let (losses, values) = (run.values(output), run.values(logits))
        losses.update(repeating: 0, count: run.rows(logits))
        let rest = term.map { 1 - $0.alpha } ?? 1
        forEachGroup(run) { group in
            var loss = 0.0
            if let right = group.right {
                let norm = CrossEntropy.logSum(values + group.rows.lowerBound, group.rows.count)
                loss += group.rows.reduce(0.0) {
                    $0 + rest * share(isRight: $1 == right, of: group.rows.count) * (norm - Double(values[$1]))
                }
            }
            if let term, let entries = entries(group, values) { loss += term.loss(entries) }
            losses[group.owner] = Float(loss)
        }
    }

    package func backward(_ run: SliceRun) {
        guard let gradient = run.gradient(0) else { return }
        precondition(!gradient.adds, "the loss is its logits' only consumer")
        let (dy, values) = (run.outputGradient, run.values(logits))
        gradient.pointer.update(repeating: 0, count: run.rows(logits))
        let rest = term.map { 1 - $0.alpha } ?? 1
        forEachGroup(run) { group in
            let first = group.rows.lowerBound
            var slopes = [Double](repeating: 0, count: group.rows.count)
            if let right = group.right {
                let norm = CrossEntropy.logSum(values + first, group.rows.count)
                for row in group.rows {
                    let target = share(isRight: row == right, of: group.rows.count)
                    slopes[row - first] = rest * (exp(Double(values[row]) - norm) - target)
                }
            }
            if let term, let entries = entries(group, values) { term.slopes(entries) { slopes[$0] += $1 } }
            for row in group.rows { gradient.pointer[row] = Float(slopes[row - first] * Double(dy[group.owner])) }
        }
    }
}
