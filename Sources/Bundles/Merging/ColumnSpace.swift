import Numerics

/// An orthonormal basis Q of what some LoRA updates of a projection can give: the columns of their B.
///
/// Weighted sums stay in it, and ΔW = Q (Qᵀ ΔW), so that singular vectors of the small Qᵀ ΔW give those of ΔW.
struct ColumnSpace {
    /// Unit vectors of as many elements as the projection has outputs; at most Σ of the ranks.
    private(set) var basis: [[Double]] = []
    let output: Int

    init(_ updates: [LowRank], output: Int) {
        self.output = output
        func norm(_ vector: [Double]) -> Double { vector.reduce(0) { $0 + $1 * $1 }.squareRoot() }
        for update in updates {
            for k in 0..<update.rank where basis.count < output {
                var column = (0..<output).map { Double(update.b[$0 * update.rank + k]) }
                let before = norm(column)
                // Gram–Schmidt, a second time for what rounding has left
                for _ in 0..<2 {
                    for vector in basis {
                        let dot = zip(vector, column).reduce(0) { $0 + $1.0 * $1.1 }
                        for o in 0..<output { column[o] -= dot * vector[o] }
                    }
                }
                let after = norm(column)
                guard after > 1e-9 * before else { continue }
                for o in 0..<output { column[o] /= after }
                basis.append(column)
            }
        }
        // B of zeros: any vector will do
        if basis.isEmpty { basis = [(0..<output).map { $0 == 0 ? 1 : 0 }] }
    }

    /// Qᵀ ΔW of an update: [basis.count, input].
    func coordinates(_ update: LowRank, input: Int) -> [Double] {
        var all = [Double](repeating: 0, count: basis.count * input)
        for (row, vector) in basis.enumerated() {
            for k in 0..<update.rank {
                var factor = 0.0
                for o in 0..<output { factor += vector[o] * Double(update.b[o * update.rank + k]) }
                factor *= Double(update.scale)
                for i in 0..<input { all[row * input + i] += factor * Double(update.a[k * input + i]) }
            }
        }
        return all
    }

    /// Q x.
    func lifted(_ coordinates: [Double]) -> [Double] {
        var sum = [Double](repeating: 0, count: output)
        for (vector, x) in zip(basis, coordinates) { for o in 0..<output { sum[o] += x * vector[o] } }
        return sum
    }
}
