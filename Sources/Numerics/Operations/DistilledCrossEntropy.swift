#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// loss[r] = (1 − α) · cross-entropy(logits[r], target) + α T² · KL(p ‖ softmax(logits[r] / T)), one raw loss a row (Hinton et al.
/// 2015, section 2): what a student learns from a teacher.
///
/// logits: [rows, classes]; y: [rows, 1]. p is the teacher's distribution at temperature T (`TeacherTerm`). A row without a target
/// has the second term alone, and one without a teacher the first.
package final class DistilledCrossEntropy: Operation {
    private let logits: Value
    private let head: Int
    private let classWeights: [Float]?
    private let smoothing: Float
    private let term: TeacherTerm
    package let output: Value

    /// - Parameters:
    ///   - head: whose targets and teacher in the batch it reads.
    ///   - classWeights, smoothing: of the first term; see `ClassTargets`.
    ///   - temperature: T, over 0, which the teacher's distributions have already.
    ///   - alpha: the teacher's share in the loss, in 0...1.
    package init(
        _ logits: Value, head: Int, classWeights: [Float]? = nil, smoothing: Float = 0, temperature: Double,
        alpha: Double, in builder: PlanBuilder
    ) {
        precondition(classWeights.map { $0.count == logits.width } ?? true, "one weight a class")
        self.logits = logits
        self.head = head
        self.classWeights = classWeights
        self.smoothing = smoothing
        term = TeacherTerm(temperature: temperature, alpha: alpha)
        output = builder.value(logits.rows, 1)
    }

    package var inputs: [Value] { [logits] }
    package var rowCut: RowCut { .own }
    package var readInBackward: [Value] { [logits] }

    private func targets(_ run: SliceRun) -> ClassTargets {
        ClassTargets(run, head: head, logits: logits, classWeights: classWeights, smoothing: smoothing)
    }

    /// The index of a row's distribution among the teacher's values; nil: it has none.
    private func start(_ row: Int, _ teacher: [Float]?, _ run: SliceRun) -> Int? {
        guard let teacher else { return nil }
        let start = (run.range(logits).lowerBound + row) * logits.width
        return teacher[start].isNaN ? nil : start
    }

    package func forward(_ run: SliceRun) {
        let (losses, values, targets, width) = (run.values(output), run.values(logits), targets(run), logits.width)
        let teacher = run.batch.targets[head]?.teacher
        let rest = 1 - term.alpha
        for i in 0..<run.rows(logits) {
            let row = values + i * width
            var loss = 0.0
            if !targets.isMissing(i) {
                let norm = CrossEntropy.logSum(row, width)
                for c in 0..<width { loss += rest * targets.share(c, row: i) * (norm - Double(row[c])) }
            }
            if let teacher, let start = start(i, teacher, run) {
                loss += term.loss(.init(logits: row, count: width, teacher: teacher, first: start))
            }
            losses[i] = Float(loss)
        }
    }

    package func backward(_ run: SliceRun) {
        guard let gradient = run.gradient(0) else { return }
        precondition(!gradient.adds, "the loss is its logits' only consumer")
        let (dy, values, targets, width) = (run.outputGradient, run.values(logits), targets(run), logits.width)
        let teacher = run.batch.targets[head]?.teacher
        for i in 0..<run.rows(logits) {
            let (row, d) = (values + i * width, gradient.pointer + i * width)
            let hasTarget = !targets.isMissing(i)
            let start = start(i, teacher, run)
            let norm = hasTarget ? CrossEntropy.logSum(row, width) : 0
            let mass = hasTarget ? targets.mass(i) : 0
            var slopes = [Double](repeating: 0, count: width)
            if hasTarget {
                for c in 0..<width {
                    slopes[c] = (1 - term.alpha) * (mass * exp(Double(row[c]) - norm) - targets.share(c, row: i))
                }
            }
            if let teacher, let start {
                term.slopes(.init(logits: row, count: width, teacher: teacher, first: start)) { slopes[$0] += $1 }
            }
            for c in 0..<width { d[c] = Float(slopes[c] * Double(dy[i])) }
        }
    }
}
