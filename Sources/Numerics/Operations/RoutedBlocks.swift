import Foundation

/// y = (p₁ z₁, p₂ z₂, …) with p = softmax over the `count` largest |sₙ| / T of a row, and 0 for all others: each token chooses
/// some of several narrow networks (Arrow, Ostapenko et al. 2024, section 3.2; as `peft` has it).
///
/// s: [rows, N]; z, y: [rows, Σ widths]. Differentiable in s and z. Of equal scores, the first is larger.
package final class RoutedBlocks: Operation {
    private let scores: Value
    private let z: Value
    private let widths: [Int]
    private let count: Int
    private let temperature: Float
    package let output: Value

    /// - Parameters:
    ///   - widths: of z's blocks, one for each score
    ///   - count: of the blocks that a row chooses; more than there are: all
    package init(
        scores: Value, z: Value, widths: [Int], choosing count: Int, temperature: Float, in builder: PlanBuilder
    ) {
        precondition(
            scores.rows == z.rows && scores.width == widths.count && widths.reduce(0, +) == z.width
                && widths.allSatisfy { $0 > 0 } && count > 0 && temperature > 0,
            "\(scores.width) scores of \(scores.rows) for widths \(widths) of \(z.width) columns of \(z.rows), "
                + "\(count) of them, temperature \(temperature)")
        self.scores = scores
        self.z = z
        self.widths = widths
        self.count = min(count, widths.count)
        self.temperature = temperature
        output = builder.value(z.rows, z.width)
    }

    package var inputs: [Value] { [scores, z] }
    package var readInBackward: [Value] { [scores, z] }
    package var rowCut: RowCut { .own }
    /// p.
    package var privateWidth: Int { widths.count }

    package func forward(_ run: SliceRun) {
        let (s, p, n) = (run.values(scores), run.own, widths.count)
        for row in 0..<run.rows(z) {
            let (own, first) = (s + row * n, row * n)
            // −1: not chosen so far
            for i in 0..<n { p[first + i] = -1 }
            var (largest, sum): (Float, Float) = (0, 0)
            for choice in 0..<count {
                var best = -1
                for i in 0..<n where p[first + i] < 0 && (best < 0 || abs(own[i]) > abs(own[best])) { best = i }
                if choice == 0 { largest = abs(own[best]) }
                p[first + best] = exp((abs(own[best]) - largest) / temperature)
                sum += p[first + best]
            }
            for i in 0..<n { p[first + i] = max(0, p[first + i]) / sum }
            var column = row * z.width
            for (i, width) in widths.enumerated() {
                run.kernels.pointee.add(
                    run.values(output) + column, run.values(z) + column, width, p[first + i], false)
                column += width
            }
        }
    }

    package func backward(_ run: SliceRun) {
        let (p, dy, n) = (run.own, run.outputGradient, widths.count)
        let (ds, dz) = (run.gradient(0), run.gradient(1))
        let dp = run.scratch(n)
        for row in 0..<run.rows(z) {
            let first = row * n
            var (column, mean) = (row * z.width, Float(0))
            for (i, width) in widths.enumerated() {
                var sum: Float = 0
                for c in column..<column + width { sum += dy[c] * run.values(z)[c] }
                dp[i] = sum
                mean += p[first + i] * sum
                if let dz {
                    run.kernels.pointee.add(dz.pointer + column, dy + column, width, p[first + i], dz.adds)
                }
                column += width
            }
            guard let ds else { continue }
            for i in 0..<n {
                let sign: Float = run.values(scores)[first + i] < 0 ? -1 : 1
                let slope = sign * p[first + i] * (dp[i] - mean) / temperature
                ds.pointer[first + i] = ds.adds ? ds.pointer[first + i] + slope : slope
            }
        }
    }
}
