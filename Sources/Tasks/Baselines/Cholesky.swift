/// The Cholesky factor of a symmetric positive definite matrix, A = L·Lᵀ (Golub and Van Loan 2013, algorithm 4.2.1 by rows).
package struct Cholesky: Sendable {
    package let size: Int
    /// [size, size], row by row; zeros above the diagonal.
    private var factor: [Double]

    /// - Parameter matrix: [size, size]; its lower triangle is read
    /// - Returns: nil if the matrix is not positive definite
    package init?(_ matrix: [Double], size: Int) {
        precondition(matrix.count == size * size, "shape")
        self.size = size
        factor = matrix
        let isDefinite = factor.withUnsafeMutableBufferPointer { l in
            for i in 0..<size {
                for j in 0...i {
                    var sum = l[i * size + j]
                    for k in 0..<j { sum -= l[i * size + k] * l[j * size + k] }
                    if j < i {
                        l[i * size + j] = sum / l[j * size + j]
                    } else {
                        guard sum > 0, sum.isFinite else { return false }
                        l[i * size + i] = sum.squareRoot()
                    }
                }
                for j in i + 1..<max(size, i + 1) { l[i * size + j] = 0 }
            }
            return true
        }
        guard isDefinite else { return nil }
    }

    /// x = L⁻¹ x, in place.
    /// - Parameter x: [size, width]
    package func solveLower(_ x: inout [Double], width: Int) {
        precondition(x.count == size * width, "shape")
        factor.withUnsafeBufferPointer { l in
            x.withUnsafeMutableBufferPointer { x in
                guard let l = l.baseAddress, let x = x.baseAddress else { return }
                for i in 0..<size {
                    // L x = y by rows: what is solved already, with the sign turned
                    for c in 0..<width { x[i * width + c] = -x[i * width + c] }
                    FourTerms.add(l + i * size, x, count: i, width: width, to: x + i * width)
                    for c in 0..<width { x[i * width + c] /= -l[i * size + i] }
                }
            }
        }
    }

    /// x = L⁻ᵀ x, in place.
    /// - Parameter x: [size, width]
    package func solveUpper(_ x: inout [Double], width: Int) {
        precondition(x.count == size * width, "shape")
        factor.withUnsafeBufferPointer { l in
            x.withUnsafeMutableBufferPointer { x in
                for i in (0..<size).reversed() {
                    for c in 0..<width { x[i * width + c] /= l[i * size + i] }
                    for k in 0..<i {
                        let f = l[i * size + k]
                        for c in 0..<width { x[k * width + c] -= f * x[i * width + c] }
                    }
                }
            }
        }
    }

    /// A⁻¹ x: [size, width].
    package func solve(_ x: [Double], width: Int) -> [Double] {
        var x = x
        solveLower(&x, width: width)
        solveUpper(&x, width: width)
        return x
    }
}
