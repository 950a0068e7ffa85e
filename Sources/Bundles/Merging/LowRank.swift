import Numerics

/// A change of a projection as two factors: ΔW = scale · B A.
package struct LowRank: Equatable, Sendable {
    package var rank: Int
    package var scale: Float = 1
    /// [rank, input]
    package var a: [Float]
    /// [output, rank]
    package var b: [Float]

    /// ΔW: [output, input], each element summed in double.
    func product(input: Int, output: Int) -> [Float] {
        var matrix = [Float](repeating: 0, count: output * input)
        var row = [Double](repeating: 0, count: input)
        for o in 0..<output {
            for i in 0..<input { row[i] = 0 }
            for k in 0..<rank {
                let factor = Double(scale) * Double(b[o * rank + k])
                guard factor != 0 else { continue }
                for i in 0..<input { row[i] += factor * Double(a[k * input + i]) }
            }
            for i in 0..<input { matrix[o * input + i] = Float(row[i]) }
        }
        return matrix
    }
}

/// A merged change of a projection, and what of it fits into the rank.
package struct MergedUpdate {
    package var update: LowRank
    /// ‖·‖² of what is kept, and of the whole.
    package var kept: Double
    package var whole: Double

    /// Nothing is lost.
    package init(_ update: LowRank) {
        self.update = update
        (kept, whole) = (1, 1)
    }

    /// The nearest matrix of a rank: its largest singular vectors, A = √Σ Vᵀ and B = U √Σ.
    ///
    /// Values below 3e-7 of the largest one are float32's noise and take no rank; the rank is 1 at least.
    package init(_ matrix: [Float], input: Int, output: Int, rank: Int) {
        let found = SingularVectors(matrix, rows: output, columns: input, count: min(rank, input, output))
        let floor = 3e-7 * (found.values.first ?? 0)
        let rank = max(1, found.values.prefix { $0 > floor }.count)
        let roots = found.values.prefix(rank).map { $0.squareRoot() }
        update = LowRank(
            rank: rank, a: zip(found.right, roots).flatMap { vector, root in vector.map { Float($0 * root) } },
            b: (0..<output).flatMap { o in zip(found.left, roots).map { Float($0[o] * $1) } })
        kept = found.values.prefix(rank).reduce(0) { $0 + $1 * $1 }
        whole = matrix.reduce(0) { $0 + Double($1) * Double($1) }
    }
}
