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
    /// - Parameters:
    ///   - matrix: ΔW [output, input], or Qᵀ ΔW if `space` is given
    ///   - space: Q, in which ΔW is
    init(_ matrix: [Double], input: Int, output: Int, rank: Int, space: ColumnSpace? = nil) {
        let rows = space?.basis.count ?? output
        let found = SingularVectors(
            matrix.map { Float($0) }, rows: rows, columns: input, count: min(rank, input, rows))
        let rank = found.rank
        let roots = found.values.prefix(rank).map { $0.squareRoot() }
        let left = found.left.prefix(rank).map { space?.lifted($0) ?? $0 }
        update = LowRank(
            rank: rank, a: zip(found.right, roots).flatMap { vector, root in vector.map { Float($0 * root) } },
            b: (0..<output).flatMap { o in zip(left, roots).map { Float($0[o] * $1) } })
        kept = found.values.prefix(rank).reduce(0) { $0 + $1 * $1 }
        whole = matrix.reduce(0) { $0 + $1 * $1 }
    }
}

extension SingularVectors {
    /// The number of values over float32's noise, 3e-7 of the largest one; at least 1.
    var rank: Int {
        let floor = 3e-7 * (values.first ?? 0)
        return max(1, values.prefix { $0 > floor }.count)
    }
}
