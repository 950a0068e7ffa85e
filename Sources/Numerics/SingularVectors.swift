/// The largest singular values of a matrix with their vectors, in double precision and on one thread.
///
/// From the smaller Gram matrix: Householder tridiagonalization, bisection, and inverse iteration (Golub & Van Loan 2013,
/// sections 8.3 and 8.4). Only what is asked for is computed, so it costs about 2 n³ for the smaller side n. The Gram
/// matrix squares the ratio of the values: what is below 1e-7 of the largest one is noise, and belongs to float32's, too.
///
/// Vectors have no sign of their own: here the largest element of a right vector is positive.
package struct SingularVectors {
    /// In descending order.
    package private(set) var values: [Double] = []
    /// Unit vectors of as many elements as the matrix has rows; zeros where the value is 0.
    package private(set) var left: [[Double]] = []
    /// Unit vectors of as many elements as the matrix has columns.
    package private(set) var right: [[Double]] = []

    /// - Parameters:
    ///   - matrix: [rows, columns], finite, row by row.
    ///   - count: of values, at most as many as the smaller side has.
    package init(_ matrix: [Float], rows: Int, columns: Int, count: Int) {
        precondition(matrix.count == rows * columns && (0...min(rows, columns)).contains(count))
        let isTall = rows >= columns
        let (long, short) = isTall ? (rows, columns) : (columns, rows)
        /// [long, short]
        var tall = [Double](repeating: 0, count: matrix.count)
        for row in 0..<rows {
            for column in 0..<columns {
                tall[isTall ? row * columns + column : column * rows + row] = Double(matrix[row * columns + column])
            }
        }
        let vectors = SymmetricMatrix(gramOf: tall, rows: long, columns: short).largestVectors(count)
        for vector in vectors {
            var other = (0..<long).map { row in
                (0..<short).reduce(0.0) { $0 + tall[row * short + $1] * vector[$1] }
            }
            let value = other.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let isNoise = value <= 1e-15 * (values.first ?? 0) || value == 0
            let right = isTall ? vector : other
            let largest = right.indices.max { (abs(right[$0]), $1) < (abs(right[$1]), $0) }
            let sign = largest.map { right[$0] < 0 ? -1.0 : 1 } ?? 1
            for i in other.indices { other[i] = isNoise ? 0 : sign * other[i] / value }
            let own = vector.map { sign * $0 }
            values.append(isNoise ? 0 : value)
            left.append(isTall ? other : own)
            self.right.append(isTall ? own : other)
        }
    }
}

/// A symmetric matrix whose largest eigenvectors are wanted.
private struct SymmetricMatrix {
    private let size: Int
    /// Row by row.
    private var elements: [Double]

    /// XᵀX of X: [rows, columns].
    init(gramOf x: [Double], rows: Int, columns: Int) {
        size = columns
        elements = [Double](repeating: 0, count: columns * columns)
        elements.withUnsafeMutableBufferPointer { gram in
            x.withUnsafeBufferPointer { x in
                for row in 0..<rows {
                    for i in 0..<columns {
                        let factor = x[row * columns + i]
                        for j in i..<columns { gram[i * columns + j] += factor * x[row * columns + j] }
                    }
                }
            }
            for i in 0..<columns { for j in 0..<i { gram[i * columns + j] = gram[j * columns + i] } }
        }
    }

    /// Unit eigenvectors of the largest eigenvalues, in descending order.
    func largestVectors(_ count: Int) -> [[Double]] {
        guard count > 0 else { return [] }
        var copy = self
        let (tridiagonal, reflectors) = copy.tridiagonalize()
        return tridiagonal.largestVectors(count).map { vector in
            var vector = vector
            for (k, reflector) in reflectors.enumerated().reversed() where !reflector.isEmpty {
                var dot = 0.0
                for (i, v) in reflector.enumerated() { dot += v * vector[k + 1 + i] }
                for (i, v) in reflector.enumerated() { vector[k + 1 + i] -= 2 * dot * v }
            }
            return vector
        }
    }

    /// - Returns: T with Q T Qᵀ = this, and Q's reflections: I − 2 v vᵀ over the elements after the k-th; empty: none.
    private mutating func tridiagonalize() -> (Tridiagonal, reflectors: [[Double]]) {
        let n = size
        var diagonal = [Double](repeating: 0, count: n)
        var beside = [Double](repeating: 0, count: max(n - 1, 0))
        var reflectors: [[Double]] = []
        elements.withUnsafeMutableBufferPointer { a in
            for k in 0..<n {
                diagonal[k] = a[k * n + k]
                guard k + 1 < n else { break }
                let (first, rest) = (k + 1, n - k - 1)
                var v = (0..<rest).map { a[k * n + first + $0] }
                let norm = v.reduce(0) { $0 + $1 * $1 }.squareRoot()
                guard norm > 0, rest > 1 else {
                    beside[k] = v[0]
                    reflectors.append([])
                    continue
                }
                beside[k] = v[0] > 0 ? -norm : norm
                v[0] -= beside[k]
                let length = v.reduce(0) { $0 + $1 * $1 }.squareRoot()
                for i in 0..<rest { v[i] /= length }
                v.withUnsafeBufferPointer { Self.reflect(a, size: n, from: first, $0) }
                reflectors.append(v)
            }
        }
        return (Tridiagonal(diagonal: diagonal, beside: beside), reflectors)
    }

    /// The part of A after a row, between two reflections: A − v wᵀ − w vᵀ with w = 2 A v − 2 (vᵀ A v) v.
    private static func reflect(
        _ a: UnsafeMutableBufferPointer<Double>, size: Int, from first: Int, _ v: UnsafeBufferPointer<Double>
    ) {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: v.count) { w in
            w.initialize(repeating: 0)
            for i in v.indices {
                let (factor, row) = (2 * v[i], (first + i) * size + first)
                for j in v.indices { w[j] += factor * a[row + j] }
            }
            let inner = v.indices.reduce(0.0) { $0 + v[$1] * w[$1] }
            for i in v.indices { w[i] -= inner * v[i] }
            for i in v.indices {
                let (vi, wi, row) = (v[i], w[i], (first + i) * size + first)
                for j in v.indices { a[row + j] -= vi * w[j] + wi * v[j] }
            }
        }
    }
}

/// A symmetric tridiagonal matrix.
private struct Tridiagonal {
    let diagonal: [Double]
    let beside: [Double]

    /// The largest sum of a row's absolute values: no eigenvalue is farther from 0.
    private var bound: Double {
        diagonal.indices.reduce(0) { most, i in
            let sides = (i > 0 ? abs(beside[i - 1]) : 0) + (i < beside.count ? abs(beside[i]) : 0)
            return max(most, abs(diagonal[i]) + sides)
        }
    }

    /// Unit eigenvectors of the largest eigenvalues, in descending order, orthogonal to each other.
    func largestVectors(_ count: Int) -> [[Double]] {
        let (n, bound) = (diagonal.count, bound)
        var found: [[Double]] = []
        for index in 0..<count {
            guard bound > 0 else {
                found.append((0..<n).map { $0 == index ? 1 : 0 })
                continue
            }
            let solver = Shifted(self, by: eigenvalue(index, bound), floor: bound * 0x1p-53)
            let key = Randomness.key(UInt64(index))
            var vector = (0..<n).map { Double(Randomness.normal(key, $0)) }
            for _ in 0..<4 {
                solver.solve(&vector)
                for _ in 0..<2 {
                    Self.normalize(&vector)
                    for other in found {
                        let dot = zip(vector, other).reduce(0) { $0 + $1.0 * $1.1 }
                        for i in 0..<n { vector[i] -= dot * other[i] }
                    }
                }
                Self.normalize(&vector)
            }
            found.append(vector)
        }
        return found
    }

    private static func normalize(_ vector: inout [Double]) {
        let largest = vector.reduce(0) { max($0, abs($1)) }
        let length = largest * vector.reduce(0) { $0 + ($1 / largest) * ($1 / largest) }.squareRoot()
        for i in vector.indices { vector[i] /= length }
    }

    /// By bisection: the number of negative pivots of T − x tells how many eigenvalues are below x.
    private func eigenvalue(_ fromLargest: Int, _ bound: Double) -> Double {
        var (low, high) = (-bound, bound)
        let above = diagonal.count - fromLargest
        for _ in 0..<200 {
            let middle = low + (high - low) / 2
            guard middle > low, middle < high else { break }
            var (below, pivot) = (0, 1.0)
            for i in diagonal.indices {
                pivot = diagonal[i] - middle - (i > 0 ? beside[i - 1] * beside[i - 1] / pivot : 0)
                if abs(pivot) < bound * 0x1p-80 { pivot = -bound * 0x1p-80 }
                if pivot < 0 { below += 1 }
            }
            if below < above { low = middle } else { high = middle }
        }
        return low
    }
}

/// T − x in the form that systems of equations are solved with: its factors with row exchanges.
private struct Shifted {
    private var pivots: [Double]
    private var above: [Double]
    private var secondAbove: [Double]
    private var factors: [Double]
    private var exchanged: [Bool]

    /// - Parameter floor: what takes the place of a pivot of 0, since x is an eigenvalue
    init(_ matrix: Tridiagonal, by shift: Double, floor: Double) {
        let n = matrix.diagonal.count
        pivots = matrix.diagonal.map { $0 - shift }
        above = matrix.beside + [0]
        secondAbove = [Double](repeating: 0, count: n)
        factors = [Double](repeating: 0, count: n)
        exchanged = [Bool](repeating: false, count: n)
        for i in 0..<n {
            if i + 1 < n {
                let below = matrix.beside[i]
                if abs(below) > abs(pivots[i]) {
                    exchanged[i] = true
                    let (pivot, next) = (pivots[i], above[i])
                    (pivots[i], above[i], secondAbove[i]) = (below, pivots[i + 1], above[i + 1])
                    factors[i] = pivot / below
                    pivots[i + 1] = next - factors[i] * above[i]
                    above[i + 1] = -factors[i] * secondAbove[i]
                } else {
                    if abs(pivots[i]) < floor { pivots[i] = floor }
                    factors[i] = below / pivots[i]
                    pivots[i + 1] -= factors[i] * above[i]
                }
            } else if abs(pivots[i]) < floor {
                pivots[i] = floor
            }
        }
    }

    func solve(_ x: inout [Double]) {
        let n = x.count
        for i in 0..<n - 1 {
            if exchanged[i] { x.swapAt(i, i + 1) }
            x[i + 1] -= factors[i] * x[i]
        }
        for i in (0..<n).reversed() {
            if i + 1 < n { x[i] -= above[i] * x[i + 1] }
            if i + 2 < n { x[i] -= secondAbove[i] * x[i + 2] }
            x[i] /= pivots[i]
        }
    }
}
