/// Orthonormal rows from free numbers, where tensors are derived (`PlanBuilder.derive`).
///
/// R = D [I 0] H_r … H₁ with Householder reflections H_k = I − τ_k v_k v_kᵀ, τ_k = 2 / ‖v_k‖². v_k is 0 before its k-th entry,
/// 1 there, and the k-th row of X after it; D has the signs of X's diagonal, of which 0 counts as positive. So every matrix of
/// orthonormal rows has its X, and what stands on the diagonal and before it gets no gradient (as torch's
/// `parametrizations.orthogonal` with householder, whose X is stored the same way).
///
/// X, R: [r, width] with r < width. Differentiable in X. Computed in double.
package final class OrthonormalRows: Operation {
    private let weight: Operand
    package let output: Value

    package init(_ weight: Operand, in builder: PlanBuilder) {
        guard let rows = builder.derivedRows, weight.shape.count == 2 else {
            preconditionFailure("orthonormal rows of a weight \(weight.shape) are computed only within a derivation")
        }
        precondition(rows < weight.shape[1], "\(rows) orthonormal rows of width \(weight.shape[1])")
        weight.require([rows, weight.shape[1]], "the weight of orthonormal rows")
        self.weight = weight
        output = builder.value(.tokens, weight.shape[1])
    }

    package var inputs: [Value] { [] }
    package var rowCut: RowCut { .own }
    package var parameters: [Parameter] { weight.parameter.map { [$0] } ?? [] }

    package func forward(_ run: SliceRun) {
        let (range, width, y) = (run.range(output), output.width, run.values(output))
        let reflections = Reflections(weight.floats, rows: range.upperBound, width: width)
        for (i, row) in range.enumerated() {
            for (c, value) in reflections.row(row).enumerated() { y[i * width + c] = Float(value) }
        }
    }

    package func backward(_ run: SliceRun) {}

    package func accumulate(unit: Int, _ run: BatchRun) {
        guard let parameter = weight.parameter else { return }
        run.begin(parameter)
        let (range, width, dy) = (run.range(output), output.width, run.gradient(output))
        let reflections = Reflections(weight.floats, rows: range.upperBound, width: width)
        var sums = [Double](repeating: 0, count: range.upperBound * width)
        for (i, row) in range.enumerated() {
            let columns = reflections.columns(row)
            var g = (0..<width).map { reflections.signs[row] * Double(dy[i * width + $0]) }
            for k in 0...row {
                // columns[row − k] is what H_k reads
                let ((v, factor), z) = (reflections.list[k], columns[row - k])
                let (vz, vg) = (Reflections.product(v, z, k), Reflections.product(v, g, k))
                // z − τ v (vᵀ z), with τ = 2 / ‖v‖²
                for e in v.indices.dropFirst() {
                    sums[k * width + k + e] +=
                        -factor * (vz * g[k + e] + vg * z[k + e]) + factor * factor * vz * vg * v[e]
                }
                for e in v.indices { g[k + e] -= factor * vg * v[e] }
            }
        }
        for i in sums.indices { parameter.gradient[i] += Float(sums[i]) }
    }
}

/// Householder reflections by the rows of a matrix X (see `OrthonormalRows`).
package struct Reflections {
    /// Each v from its own entry on, and τ.
    fileprivate let list: [(v: [Double], factor: Double)]
    fileprivate let signs: [Double]
    private let width: Int

    /// - Parameters:
    ///   - x: [at least rows, width]
    ///   - rows: of which the reflections are made
    package init(_ x: UnsafePointer<Float>, rows: Int, width: Int) {
        self.width = width
        list = (0..<rows).map { k in
            let v = [1] + (k + 1..<width).map { Double(x[k * width + $0]) }
            return (v, 2 / v.reduce(0) { $0 + $1 * $1 })
        }
        signs = (0..<rows).map { x[$0 * width + $0] < 0 ? -1 : 1 }
    }

    /// vᵀ z, where v begins at entry k.
    fileprivate static func product(_ v: [Double], _ z: [Double], _ k: Int) -> Double {
        v.indices.reduce(0) { $0 + v[$1] * z[k + $1] }
    }

    /// What the reflections make of a unit vector, from the last one that changes it to the first.
    fileprivate func columns(_ row: Int) -> [[Double]] {
        var z = [Double](repeating: 0, count: width)
        z[row] = 1
        var columns = [z]
        for k in (0...row).reversed() {
            let (v, factor) = list[k]
            let product = factor * Self.product(v, z, k)
            for i in v.indices { z[k + i] -= product * v[i] }
            columns.append(z)
        }
        return columns
    }

    /// A row of R.
    package func row(_ row: Int) -> [Double] { (columns(row).last ?? []).map { signs[row] * $0 } }

    /// X of orthonormal rows: 0 before the diagonal, ±1 on it.
    /// - Parameter rows: less than their width
    package static func numbers(of rows: [[Double]]) -> [Float] {
        var rest = rows
        var x: [Float] = []
        for k in rows.indices {
            var v = Array(rest[k][k...])
            let length = v.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let end = v[0] > 0 ? -length : length
            v[0] -= end
            let first = v[0]
            if first != 0 { for i in v.indices { v[i] /= first } }
            let factor = 2 / v.reduce(0) { $0 + $1 * $1 }
            for n in rest.indices.dropFirst(k) {
                let product = factor * Self.product(v, rest[n], k)
                for i in v.indices { rest[n][k + i] -= product * v[i] }
            }
            x += [Float](repeating: 0, count: k) + [end < 0 ? -1 : 1] + v.dropFirst().map { Float($0) }
        }
        return x
    }
}
