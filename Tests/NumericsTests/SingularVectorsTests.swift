import Testing

@testable import Numerics

/// Singular values and vectors against what defines them: W v = σ u, Wᵀ u = σ v, unit length, and nothing larger is left.
@Suite struct SingularVectorsTests {
    /// Shapes, how many values are asked for, and the rank that the matrix has.
    static let cases: [(rows: Int, columns: Int, count: Int, rank: Int)] = [
        (1, 1, 1, 1), (5, 5, 5, 5), (7, 3, 3, 3), (3, 7, 2, 3), (40, 64, 8, 40), (96, 48, 4, 48), (48, 48, 48, 48),
        (20, 30, 10, 6), (30, 20, 20, 1),
    ]

    private func matrix(_ rows: Int, _ columns: Int, rank: Int, seed: UInt64) -> [Float] {
        guard rank < min(rows, columns) else { return normals(rows * columns, seed) }
        let (left, right) = (normals(rows * rank, seed), normals(rank * columns, seed + 1))
        return (0..<rows * columns).map { i in
            (0..<rank).reduce(Float(0)) { $0 + left[i / columns * rank + $1] * right[$1 * columns + i % columns] }
        }
    }

    private func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

    private func check(_ w: [Float], _ rows: Int, _ columns: Int, _ found: SingularVectors, rank: Int) {
        let scale = max(found.values.first ?? 0, 1e-300)
        for (k, value) in found.values.enumerated() {
            let (u, v) = (found.left[k], found.right[k])
            let product = (0..<rows).map { o in (0..<columns).reduce(0.0) { $0 + Double(w[o * columns + $1]) * v[$1] } }
            let back = (0..<columns).map { i in (0..<rows).reduce(0.0) { $0 + Double(w[$1 * columns + i]) * u[$1] } }
            // float32's rounding gives a matrix of low rank small values of its own, whose squares are noise
            guard k < rank else {
                #expect(value <= 1e-6 * scale, "value \(k)")
                continue
            }
            #expect(zip(product, u).allSatisfy { abs($0 - value * $1) <= 1e-12 * scale }, "W v of \(k)")
            #expect(zip(back, v).allSatisfy { abs($0 - value * $1) <= 1e-9 * scale }, "Wᵀ u of \(k)")
            for other in 0...k {
                let wanted = other == k ? 1.0 : 0
                #expect(
                    abs(dot(v, found.right[other]) - wanted) < 1e-9 && abs(dot(u, found.left[other]) - wanted) < 1e-7)
            }
            #expect(v.max { abs($0) < abs($1) } ?? 0 > 0, "sign of \(k)")
            #expect(k == 0 || value <= found.values[k - 1] * (1 + 1e-12))
        }
        // What is left of W makes no vector longer than the last value says
        let last = found.values.last ?? 0
        for trial in 0..<20 {
            let x = normals(columns, 100 + UInt64(trial)).map(Double.init)
            var rest = (0..<rows).map { o in (0..<columns).reduce(0.0) { $0 + Double(w[o * columns + $1]) * x[$1] } }
            for (k, value) in found.values.enumerated() {
                let part = value * dot(found.right[k], x)
                for o in 0..<rows { rest[o] -= part * found.left[k][o] }
            }
            #expect(dot(rest, rest).squareRoot() <= (last + 1e-6 * scale) * dot(x, x).squareRoot())
        }
    }

    @Test(arguments: cases.indices, [1, 2, 3] as [UInt64]) func triplets(_ index: Int, _ seed: UInt64) {
        let (rows, columns, count, rank) = Self.cases[index]
        let w = matrix(rows, columns, rank: rank, seed: 10 * seed)
        let found = SingularVectors(w, rows: rows, columns: columns, count: count)
        #expect(found.values.count == count && found.left.count == count && found.right.count == count)
        check(w, rows, columns, found, rank: rank)
    }

    /// Equal values: their vectors span the right space and are orthogonal.
    @Test func equalValues() {
        let n = 12
        let identity = (0..<n * n).map { Float($0 / n == $0 % n ? 3 : 0) }
        let found = SingularVectors(identity, rows: n, columns: n, count: 7)
        #expect(found.values.allSatisfy { abs($0 - 3) < 1e-12 })
        check(identity, n, n, found, rank: n)
        // Two equal pairs in a full matrix: reflections of a diagonal one
        let v = normals(n, 4).map(Double.init)
        let length = dot(v, v)
        let values: [Double] = [5, 5, 4, 4] + [Double](repeating: 1, count: n - 4)
        let full = (0..<n * n).map { i -> Float in
            let (row, column) = (i / n, i % n)
            return Float(
                (0..<n).reduce(0.0) { sum, k in
                    func q(_ a: Int) -> Double { (a == k ? 1 : 0) - 2 * v[a] * v[k] / length }
                    return sum + q(row) * values[k] * q(column)
                })
        }
        let pairs = SingularVectors(full, rows: n, columns: n, count: 5)
        #expect(zip(pairs.values, values).allSatisfy { abs($0 - $1) < 1e-5 })
        check(full, n, n, pairs, rank: n)
    }

    @Test func zeros() {
        let found = SingularVectors([Float](repeating: 0, count: 12), rows: 4, columns: 3, count: 3)
        #expect(found.values == [0, 0, 0] && found.left.allSatisfy { $0.allSatisfy { $0 == 0 } })
        #expect(found.right.allSatisfy { dot($0, $0) == 1 })
    }

    /// The same numbers give the same bits.
    @Test func deterministic() {
        let w = normals(60 * 40, 8)
        let found = (0..<2).map { _ in SingularVectors(w, rows: 60, columns: 40, count: 6) }
        #expect(found[0].left == found[1].left && found[0].right == found[1].right)
    }
}
