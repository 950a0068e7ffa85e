#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// loss[r] = −Σ_c t_c log softmax(logits[r])_c, one raw loss a row.
///
/// logits: [rows, classes]; y: [rows, 1]. t are the shares of the row's target (`ClassTargets`): a class or a distribution. A
/// row without a target has loss 0.
package final class CrossEntropy: Operation {
    private let logits: Value
    private let head: Int
    private let classWeights: [Float]?
    private let smoothing: Float
    package let output: Value

    /// - Parameters:
    ///   - head: whose targets in the batch it reads.
    ///   - smoothing: ε in 0..<1.
    package init(
        _ logits: Value, head: Int, classWeights: [Float]? = nil, smoothing: Float = 0, in builder: PlanBuilder
    ) {
        precondition(classWeights.map { $0.count == logits.width } ?? true, "one weight a class")
        self.logits = logits
        self.head = head
        self.classWeights = classWeights
        self.smoothing = smoothing
        output = builder.value(logits.rows, 1)
    }

    package var inputs: [Value] { [logits] }
    package var rowCut: RowCut { .own }
    package var readInBackward: [Value] { [logits] }

    private func targets(_ run: SliceRun) -> ClassTargets {
        ClassTargets(run, head: head, logits: logits, classWeights: classWeights, smoothing: smoothing)
    }

    package func forward(_ run: SliceRun) {
        let (losses, values, targets) = (run.values(output), run.values(logits), targets(run))
        for i in 0..<run.rows(logits) {
            losses[i] = 0
            guard !targets.isMissing(i) else { continue }
            let row = values + i * logits.width
            let norm = Self.logSum(row, logits.width)
            var loss = 0.0
            for c in 0..<logits.width {
                let share = targets.share(c, row: i)
                if share != 0 { loss += share * (norm - Double(row[c])) }
            }
            losses[i] = Float(loss)
        }
    }

    package func backward(_ run: SliceRun) {
        guard let gradient = run.gradient(0) else { return }
        precondition(!gradient.adds, "the loss is its logits' only consumer")
        let (dy, values, targets) = (run.outputGradient, run.values(logits), targets(run))
        for i in 0..<run.rows(logits) {
            let d = gradient.pointer + i * logits.width
            guard !targets.isMissing(i) else {
                d.update(repeating: 0, count: logits.width)
                continue
            }
            let row = values + i * logits.width
            let (norm, mass) = (Self.logSum(row, logits.width), targets.mass(i))
            for c in 0..<logits.width {
                d[c] = Float((mass * exp(Double(row[c]) - norm) - targets.share(c, row: i)) * Double(dy[i]))
            }
        }
    }

    /// log Σ exp(scale · x) over numbers that lie `stride` apart; scale is over 0.
    static func logSum(_ x: UnsafePointer<Float>, _ count: Int, scale: Double = 1, stride: Int = 1) -> Double {
        var top = x[0]
        for c in 1..<max(count, 1) { top = max(top, x[c * stride]) }
        var sum = 0.0
        for c in 0..<count { sum += exp(scale * Double(x[c * stride] - top)) }
        return log(sum) + scale * Double(top)
    }
}
