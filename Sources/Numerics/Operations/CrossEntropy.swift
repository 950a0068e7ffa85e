#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// loss[s] = −Σ_c t_c log softmax(logits)_c, weighted so that the batch's sum is its mean loss.
///
/// logits: [sequences, classes]; y: [sequences, 1]. t is the label's one-hot vector, smoothed by ε: (1 − ε) one-hot +
/// ε / classes (Szegedy et al. 2016, eq. 3). With class weights w the mean is Σ w loss / Σ w, as torch's.
/// Sequences without a label (−1) count nothing.
package final class CrossEntropy: Operation {
    private let logits: Value
    private let classWeights: [Float]?
    private let smoothing: Float
    package let output: Value

    /// - Parameter smoothing: ε in 0..<1.
    package init(_ logits: Value, classWeights: [Float]? = nil, smoothing: Float = 0, in builder: PlanBuilder) {
        precondition(classWeights.map { $0.count == logits.width } ?? true, "one weight a class")
        self.logits = logits
        self.classWeights = classWeights
        self.smoothing = smoothing
        output = builder.value(.sequences, 1)
    }

    package var inputs: [Value] { [logits] }
    package var readInBackward: [Value] { [logits] }

    private func weight(_ c: Int) -> Double { classWeights.map { Double($0[c]) } ?? 1 }

    /// Σ of the labels' weights over the whole batch, in order: the same number in each slice.
    private func total(_ run: SliceRun) -> Double {
        run.batch.rows.reduce(0) { $1.label < 0 ? $0 : $0 + weight($1.label) }
    }

    /// log Σ exp(logits)
    private func logSum(_ row: UnsafePointer<Float>) -> Double {
        var top = row[0]
        for c in 1..<max(logits.width, 1) { top = max(top, row[c]) }
        var sum = 0.0
        for c in 0..<logits.width { sum += exp(Double(row[c] - top)) }
        return log(sum) + Double(top)
    }

    /// The share of class `c` in the target of `label`, with its weight.
    private func target(_ c: Int, label: Int) -> Double {
        let smooth = Double(smoothing)
        return weight(c) * (smooth / Double(logits.width) + (c == label ? 1 - smooth : 0))
    }

    package func forward(_ run: SliceRun) {
        let total = total(run)
        for (i, sequence) in run.slice.sequences.enumerated() {
            let row = run.values(logits) + i * logits.width
            let label = run.batch.rows[sequence].label
            guard label >= 0 else {
                run.values(output)[i] = 0
                continue
            }
            let norm = logSum(row)
            var loss = 0.0
            for c in 0..<logits.width where smoothing > 0 || c == label {
                loss += target(c, label: label) * (norm - Double(row[c]))
            }
            run.values(output)[i] = Float(loss / total)
        }
    }

    /// Writes d loss / d logits; the loss itself has gradient 1.
    package func backward(_ run: SliceRun) {
        guard let gradient = run.gradient(0) else { return }
        precondition(!gradient.adds, "the loss is its logits' only consumer")
        let total = total(run)
        for (i, sequence) in run.slice.sequences.enumerated() {
            let row = run.values(logits) + i * logits.width
            let d = gradient.pointer + i * logits.width
            let label = run.batch.rows[sequence].label
            guard label >= 0 else {
                d.update(repeating: 0, count: logits.width)
                continue
            }
            let norm = logSum(row)
            var mass = 0.0
            for c in 0..<logits.width { mass += target(c, label: label) }
            for c in 0..<logits.width {
                d[c] = Float((mass * exp(Double(row[c]) - norm) - target(c, label: label)) / total)
            }
        }
    }
}
