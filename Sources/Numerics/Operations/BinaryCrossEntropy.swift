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
package final class BinaryCrossEntropy: Operation {
    private let logits: Value
    private let head: Int
    private let smoothing: Double
    package let output: Value

    /// - Parameters:
    ///   - head: whose targets in the batch it reads.
    ///   - smoothing: ε in 0..<1.
    package init(_ logits: Value, head: Int, smoothing: Float = 0, in builder: PlanBuilder) {
        self.logits = logits
        self.head = head
        self.smoothing = Double(smoothing)
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

    package func forward(_ run: SliceRun) {
        let (losses, values) = (run.values(output), run.values(logits))
        forEachRow(run) { row, target in
            var (sum, count) = (0.0, 0)
            for c in 0..<logits.width {
                guard let t = target(c) else { continue }
                // log(1 + eˣ) without overflow
                let x = Double(values[row * logits.width + c])
                sum += max(x, 0) - x * t + log1p(exp(-abs(x)))
                count += 1
            }
            losses[row] = count > 0 ? Float(sum / Double(count)) : 0
        }
    }

    package func backward(_ run: SliceRun) {
        guard let gradient = run.gradient(0) else { return }
        precondition(!gradient.adds, "the loss is its logits' only consumer")
        let (dy, values, width) = (run.outputGradient, run.values(logits), logits.width)
        forEachRow(run) { row, target in
            let count = (0..<width).count { target($0) != nil }
            for c in 0..<width {
                let place = row * width + c
                gradient.pointer[place] =
                    target(c).map { t in
                        Float((Self.sigmoid(Double(values[place])) - t) / Double(count) * Double(dy[row]))
                    } ?? 0
            }
        }
    }

    /// 1 / (1 + e⁻ˣ)
    package static func sigmoid(_ x: Double) -> Double {
        x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x))
    }
}
