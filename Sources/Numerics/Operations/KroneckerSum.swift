/// A matrix as a sum of Kronecker products, where tensors are derived (`PlanBuilder.derive`).
///
/// Hᵀ for H = Σᵢ Aᵢ ⊗ Wᵢ: y[b · q₀ + q, a · p₀ + p] = Σᵢ A[i, a, b] W[i, p, q] (Zhang et al. 2021, eq. 4). A: [n, n, n];
/// W: [n, p₀, q₀]; y: [n · q₀, n · p₀], the weight of a product [out, in]. Each of A and W may itself be a product of two
/// factors, of rank k: [n, p₀, k] and [n, k, q₀]. Differentiable in all of them.
package final class KroneckerSum: Operation {
    /// n matrices, whole or as products of n factors each.
    package enum Matrices {
        /// [n, rows, columns]
        case whole(Operand)
        /// [n, rows, rank] and [n, rank, columns]
        case product(Operand, Operand)

        fileprivate var operands: [Operand] {
            switch self {
            case .whole(let matrix): [matrix]
            case .product(let left, let right): [left, right]
            }
        }

        /// [n, rows, columns]
        fileprivate var shape: [Int] {
            switch self {
            case .whole(let matrix): matrix.shape
            case .product(let left, let right): [left.shape[0], left.shape[1], right.shape[2]]
            }
        }

        fileprivate var values: [Float] {
            guard case .product(let left, let right) = self else { return operands[0].values }
            let (rows, columns, rank) = (shape[1], shape[2], left.shape[2])
            var values = [Float](repeating: 0, count: shape.reduce(1, *))
            for row in 0..<shape[0] * rows {
                let (own, other) = (left.floats + row * rank, right.floats + row / rows * rank * columns)
                for k in 0..<rank {
                    for column in 0..<columns { values[row * columns + column] += own[k] * other[k * columns + column] }
                }
            }
            return values
        }

        /// Adds the gradients of what is trained, from that of the matrices.
        fileprivate func accumulate(_ gradient: [Float], _ run: BatchRun) {
            let parameters = operands.map(\.parameter)
            for parameter in parameters.compactMap({ $0 }) { run.begin(parameter) }
            guard case .product(let left, let right) = self else {
                if let whole = parameters[0] { for i in gradient.indices { whole.gradient[i] += gradient[i] } }
                return
            }
            let (rows, columns, rank) = (shape[1], shape[2], left.shape[2])
            for row in 0..<shape[0] * rows {
                let first = row / rows * rank * columns
                for k in 0..<rank {
                    for column in 0..<columns {
                        let (own, other) = (row * rank + k, first + k * columns + column)
                        let g = gradient[row * columns + column]
                        parameters[0]?.gradient[own] += g * right.floats[other]
                        parameters[1]?.gradient[other] += g * left.floats[own]
                    }
                }
            }
        }
    }

    private let rule: Matrices
    private let weights: Matrices
    private let n: Int
    /// p₀ and q₀
    private let height: Int
    private let width: Int
    package let output: Value

    /// - Parameters:
    ///   - rule: A
    ///   - weights: W
    package init(rule: Matrices, weights: Matrices, in builder: PlanBuilder) {
        n = rule.shape[0]
        (height, width) = (weights.shape[1], weights.shape[2])
        precondition(
            rule.shape == [n, n, n] && weights.shape[0] == n && builder.derivedRows == n * width,
            "a sum of Kronecker products of \(rule.shape) and \(weights.shape) in \(builder.derivedRows ?? 0) rows")
        self.rule = rule
        self.weights = weights
        output = builder.value(.tokens, n * height)
    }

    package var inputs: [Value] { [] }
    package var rowCut: RowCut { .own }
    package var parameters: [Parameter] { (rule.operands + weights.operands).compactMap(\.parameter) }

    package func forward(_ run: SliceRun) {
        let (a, w, y) = (rule.values, weights.values, run.values(output))
        for (i, row) in run.range(output).enumerated() {
            let (b, q) = (row / width, row % width)
            for column in 0..<output.width {
                let (left, p) = (column / height, column % height)
                y[i * output.width + column] = (0..<n).reduce(Float(0)) {
                    $0 + a[($1 * n + left) * n + b] * w[($1 * height + p) * width + q]
                }
            }
        }
    }

    package func backward(_ run: SliceRun) {}

    package func accumulate(unit: Int, _ run: BatchRun) {
        let (a, w, dy) = (rule.values, weights.values, run.gradient(output))
        var (da, dw) = ([Float](repeating: 0, count: a.count), [Float](repeating: 0, count: w.count))
        for (i, row) in run.range(output).enumerated() {
            let (b, q) = (row / width, row % width)
            for column in 0..<output.width {
                let (left, p) = (column / height, column % height)
                let g = dy[i * output.width + column]
                for k in 0..<n {
                    let (own, other) = ((k * n + left) * n + b, (k * height + p) * width + q)
                    da[own] += g * w[other]
                    dw[other] += g * a[own]
                }
            }
        }
        rule.accumulate(da, run)
        weights.accumulate(dw, run)
    }
}
