#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// loss[r] = mean over the row's targets of −t log σ(x) − (1 − t) log(1 − σ(x)), one raw loss a row: independent yes-or-no
/// decisions, as torch's `BCEWithLogitsLoss` and transformers' `multi_label_classification`.
///
/// logits: [rows, labels]; y: [rows, 1]. Targets are numbers from 0 to 1, smoothed by ε: (1 − ε) t + ε / 2. A target that is
/// missing (NaN) does not count; a row without any has loss 0.
///
/// With a teacher, whose probabilities are `HeadTargets.teacher` ([rows, labels]), the loss is (1 − α) times this plus the mean of
/// `TeacherTerm` over the labels; a row without targets has the teacher's part alone.
package final class BinaryCrossEntropy: Operation {
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
        self.logits = logits
        self.head = head
        self.smoothing = Double(smoothing)
        term = teacher
        output = builder.value(logits.rows, 1)
    }

    package var inputs: [Value] { [logits] }
    package var rowCut: RowCut { .own }
    package var readInBackward: [Value] { [logits] }

    /// Calls `body` for each row with the targets of its labels; nil where one is missing.
    private func forEachRow(_ run: SliceRun, _ body: (_ row: Int, _ target: (Int) -> Double?) -> Void) {
        guard case .numbers(let targets, let width)? = run.batch.targets[head]?.values else {
            for row in 0..<run.rows(logits) { body(row) { _ in nil } }
            return
        }
        for (row, i) in run.range(logits).enumerated() {
            body(row) { c in
                let target = targets[i * width + c]
                return target.isNaN ? nil : (1 - smoothing) * Double(target) + smoothing / 2
            }
        }
    }

    /// The teacher's probabilities of a row; nil: it says nothing of it.
    private func taught(_ row: Int, _ run: SliceRun) -> ArraySlice<Float>? {
        guard term != nil, let teacher = run.batch.targets[head]?.teacher else { return nil }
        let start = (run.range(logits).lowerBound + row) * logits.width
        return teacher[start].isNaN ? nil : teacher[start..<start + logits.width]
    }

    package func forward(_ run: SliceRun) {
        let (losses, values) = (run.values(output), run.values(logits))
        let rest = term.map { 1 - $0.alpha } ?? 1
        forEachRow(run) { row, target in
            var (sum, count) = (0.0, 0)
            for c in 0..<logits.width {
                guard let t = target(c) else { continue }
                // log(1 + eˣ) without overflow
                let x = Double(values[row * logits.width + c])
                sum += max(x, 0) - x * t + log1p(exp(-abs(x)))
                count += 1
            }
            var loss = count > 0 ? rest * (sum / Double(count)) : 0
            if let term, let teacher = taught(row, run) {
                let terms = teacher.enumerated().map { c, p in
                    term.binaryLoss(Double(values[row * logits.width + c]), Double(p))
                }
                loss += terms.reduce(0, +) / Double(logits.width)
            }
            losses[row] = Float(loss)
        }
    }

    package func backward(_ run: SliceRun) {
        guard let gradient = run.gradient(0) else { return }
        precondition(!gradient.adds, "the loss is its logits' only consumer")
        let (dy, values, width) = (run.outputGradient, run.values(logits), logits.width)
        let rest = term.map { 1 - $0.alpha } ?? 1
        forEachRow(run) { row, target in
            let count = (0..<width).count { target($0) != nil }
            let teacher = taught(row, run)
            for c in 0..<width {
                let place = row * width + c
                var slope =
                    target(c).map { t in rest * ((Self.sigmoid(Double(values[place])) - t) / Double(count)) } ?? 0
                if let term, let teacher {
                    let p = Double(teacher[teacher.startIndex + c])
                    slope += term.binarySlope(Double(values[place]), p) / Double(width)
                }
                gradient.pointer[place] = Float(slope * Double(dy[row]))
            }
        }
    }

    /// 1 / (1 + e⁻ˣ)
    package static func sigmoid(_ x: Double) -> Double {
        x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x))
    }
}
