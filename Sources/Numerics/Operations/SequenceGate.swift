import CKernels

/// A gate for each sequence: the mean of its tokens' sigmoids (Mao et al. 2022, UniPELT, section 3.2, as `adapters` has it).
///
/// y[s] = 1/|s| Σ_{t in s} σ(x[t]). x: [tokens, width]; y: [sequences, width]. Differentiable in x. The sigmoid is
/// ½ + ½ tanh(x / 2), by the kernels' tanh.
package final class SequenceGate: Operation {
    private let x: Value
    package let output: Value

    package init(_ x: Value, in builder: PlanBuilder) {
        precondition(x.rows == .tokens, "a gate from \(x.rows)")
        self.x = x
        output = builder.value(.sequences, x.width)
    }

    package var inputs: [Value] { [x] }
    package var readInBackward: [Value] { [x] }
    package var rowCut: RowCut { .gathered }

    /// tanh(x / 2) of some tokens, counted from the first that `run` shows.
    private func tanh(_ run: SliceRun, _ tokens: Range<Int>) -> UnsafeMutablePointer<Float> {
        let count = tokens.count * x.width
        let halves = run.scratch(2 * count)
        run.kernels.pointee.add(halves, run.values(x) + tokens.lowerBound * x.width, count, 0.5, false)
        run.kernels.pointee.activate(Int32(AMALGAM_TANH), halves + count, halves, count)
        return halves + count
    }

    package func forward(_ run: SliceRun) {
        let (y, width, first) = (run.values(output), x.width, run.range(x).lowerBound)
        for (index, sequence) in run.range(output).enumerated() {
            let tokens = run.batch.offsets[sequence] - first..<run.batch.offsets[sequence + 1] - first
            let values = tanh(run, tokens)
            for column in 0..<width {
                var sum: Float = 0
                for token in 0..<tokens.count { sum += values[token * width + column] }
                y[index * width + column] = 0.5 + 0.5 * sum / Float(tokens.count)
            }
        }
    }

    package func backward(_ run: SliceRun) {
        guard let target = run.gradient(0) else { return }
        let (dy, width, shown) = (run.outputGradient, x.width, run.range(x))
        for (index, sequence) in run.range(output).enumerated() {
            let all = run.batch.offsets[sequence]..<run.batch.offsets[sequence + 1]
            let used = all.clamped(to: shown)
            guard !used.isEmpty else { continue }
            let tokens = used.lowerBound - shown.lowerBound..<used.upperBound - shown.lowerBound
            let values = tanh(run, tokens)
            // σ' = ¼ (1 − tanh²)
            let share = 0.25 / Float(all.count)
            for token in 0..<tokens.count {
                for column in 0..<width {
                    let (i, t) = ((tokens.lowerBound + token) * width + column, values[token * width + column])
                    let gradient = dy[index * width + column] * share * (1 - t * t)
                    target.pointer[i] = target.adds ? target.pointer[i] + gradient : gradient
                }
            }
        }
    }
}
