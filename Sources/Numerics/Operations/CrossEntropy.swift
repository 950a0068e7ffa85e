#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// loss[r] = −Σ_c t_c log softmax(logits[r])_c, one raw loss a row.
///
/// logits: [rows, classes]; y: [rows, 1]. t is the target's one-hot vector, smoothed by ε: (1 − ε) one-hot + ε / classes
/// (Szegedy et al. 2016, eq. 3), and each of its elements weighted with its class's weight, as in torch. A row without a
/// target (−1) has loss 0.
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

    private func weight(_ c: Int) -> Double { classWeights.map { Double($0[c]) } ?? 1 }

    /// Calls `body` for each of the slice's rows with its class, −1 where it is missing.
    private func forEachRow(_ run: SliceRun, _ body: (_ row: Int, _ target: Int) -> Void) {
        guard case .classes(let classes)? = run.batch.targets[head]?.values else {
            for row in 0..<run.rows(logits) { body(row, -1) }
            return
        }
        for (row, i) in run.range(logits).enumerated() { body(row, Int(classes[i])) }
    }

    /// log Σ exp(logits)
    private func logSum(_ row: UnsafePointer<Float>) -> Double {
        var top = row[0]
        for c in 1..<max(logits.width, 1) { top = max(top, row[c]) }
        var sum = 0.0
        for c in 0..<logits.width { sum += exp(Double(row[c] - top)) }
        return log(sum) + Double(top)
    }

    /// The share of class `c` in a row's target, with its weight.
    private func share(_ c: Int, target: Int) -> Double {
        let smooth = Double(smoothing)
        return weight(c) * (smooth / Double(logits.width) + (c == target ? 1 - smooth : 0))
    }

    package func forward(_ run: SliceRun) {
        let (losses, values) = (run.values(output), run.values(logits))
        forEachRow(run) { i, target in
            guard target >= 0 else {
                losses[i] = 0
                return
            }
            let row = values + i * logits.width
            let norm = logSum(row)
            var loss = 0.0
            for c in 0..<logits.width where smoothing > 0 || c == target {
                loss += share(c, target: target) * (norm - Double(row[c]))
            }
            losses[i] = Float(loss)
        }
    }

    package func backward(_ run: SliceRun) {
        guard let gradient = run.gradient(0) else { return }
        precondition(!gradient.adds, "the loss is its logits' only consumer")
        let (dy, values) = (run.outputGradient, run.values(logits))
        forEachRow(run) { i, target in
            let d = gradient.pointer + i * logits.width
            guard target >= 0 else {
                d.update(repeating: 0, count: logits.width)
                return
            }
            let row = values + i * logits.width
            let norm = logSum(row)
            var mass = 0.0
            for c in 0..<logits.width { mass += share(c, target: target) }
            for c in 0..<logits.width {
                d[c] = Float((mass * exp(Double(row[c]) - norm) - share(c, target: target)) * Double(dy[i]))
            }
        }
    }
}
