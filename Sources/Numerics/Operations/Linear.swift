import CKernels

/// y = scale · (x Wᵀ + b) + residual, or with W itself in place of Wᵀ.
///
/// x: [rows, in]; W: [out, in] (used transposed: [in, out]); y: [rows, out]. Differentiable in x, W, b, residual.
package final class Linear: Operation {
    private let x: Value
    private let weight: Operand
    private let bias: Operand?
    private let residual: Value?
    private let scale: Float
    private let transposesWeight: Bool
    private let identityPull: Float
    package let output: Value

    /// Rows of the weight that one piece of its gradient covers.
    private static let tile = 96

    /// - Parameters:
    ///   - weightTransposed: multiplies with W in place of Wᵀ.
    ///   - identityPull: λ of a loss λ ‖I − W‖² (Frobenius), part of `parameterLoss`.
    package init(
        _ x: Value, weight: Operand, bias: Operand?, residual: Value? = nil, scale: Float = 1,
        weightTransposed: Bool = false, identityPull: Float = 0, in builder: PlanBuilder
    ) {
        let (rows, columns) = (weight.shape[0], weight.shape[1])
        precondition(x.width == (weightTransposed ? rows : columns))
        self.x = x
        self.weight = weight
        self.bias = bias
        self.residual = residual
        self.scale = scale
        self.identityPull = weight.isTrainable ? identityPull : 0
        transposesWeight = !weightTransposed
        output = builder.value(x.rows, weightTransposed ? columns : rows)
        precondition(residual.map { $0.width == output.width && $0.rows == output.rows } ?? true)
    }

    package var inputs: [Value] { residual.map { [x, $0] } ?? [x] }
    package var parameters: [Parameter] { [weight.parameter, bias?.parameter].compactMap { $0 } }
    package var readForParameters: [Value] { weight.isTrainable ? [x] : [] }
    package var multiplyAddsPerRow: Int { x.width * output.width }

    package func forward(_ run: SliceRun) {
        let rows = run.rows(x)
        let y = run.values(output)
        let start = residual.map { UnsafePointer(run.values($0)) }
        if let bias {
            var b = bias.floats
            if scale != 1 {
                let scaled = run.scratch(output.width)
                run.kernels.pointee.add(scaled, b, output.width, scale, false)
                b = UnsafePointer(scaled)
            }
            run.kernels.pointee.fill_rows(y, b, start, rows, output.width)
        } else if let start {
            run.kernels.pointee.fill_rows(y, nil, start, rows, output.width)
        }
        BLAS.multiply(
            run.values(x), strideA: x.width, weight.floats, transposeB: transposesWeight, strideB: weight.shape[1],
            into: y, strideC: output.width, m: rows, n: output.width, k: x.width, alpha: scale,
            beta: bias == nil && start == nil ? 0 : 1)
    }

    package func backward(_ run: SliceRun) {
        let rows = run.rows(x)
        let dy = run.outputGradient
        if let target = run.gradient(0) {
            BLAS.multiply(
                dy, strideA: output.width, weight.floats, transposeB: !transposesWeight, strideB: weight.shape[1],
                into: target.pointer, strideC: x.width, m: rows, n: x.width, k: output.width, alpha: scale,
                beta: target.adds ? 1 : 0)
        }
        if residual != nil, let target = run.gradient(1) {
            run.kernels.pointee.add(target.pointer, dy, rows * output.width, 1, target.adds)
        }
    }

    private var weightUnits: Int { weight.isTrainable ? (weight.shape[0] + Self.tile - 1) / Self.tile : 0 }
    package var parameterUnits: Int { weightUnits + (bias?.isTrainable == true ? 1 : 0) }

    package func accumulate(unit: Int, _ run: BatchRun) {
        let rows = run.rows(x)
        let dy = run.gradient(output)
        if unit < weightUnits, let w = weight.parameter {
            // dW[out, in] = dyᵀ x, or xᵀ dy where W is used as it is; one piece is a range of W's rows
            let (left, leftWidth, right, rightWidth) =
                transposesWeight
                ? (dy, output.width, run.values(x), x.width) : (run.values(x), x.width, dy, output.width)
            let first = unit * Self.tile
            BLAS.multiply(
                left + first, transposeA: true, strideA: leftWidth, right, strideB: rightWidth,
                into: w.gradient + first * rightWidth, strideC: rightWidth, m: min(Self.tile, leftWidth - first),
                n: rightWidth, k: rows, alpha: scale, beta: run.accumulates ? 1 : 0)
            // a loss of the parameters counts once a step, however many batches are added up
            if identityPull > 0, run.beginsStep { pull(w, rows: first..<min(first + Self.tile, leftWidth)) }
        } else if let b = bias?.parameter {
            run.begin(b)
            if scale == 1 {
                run.kernels.pointee.column_sums(b.gradient, dy, nil, rows, output.width)
            } else {
                let sums = AlignedBuffer(count: output.width)
                run.kernels.pointee.column_sums(sums.floats, dy, nil, rows, output.width)
                run.kernels.pointee.add(b.gradient, sums.floats, output.width, scale, true)
            }
        }
    }

    private func pull(_ w: Parameter, rows: Range<Int>) {
        let width = w.shape[1]
        for row in rows {
            for column in 0..<width {
                let i = row * width + column
                w.gradient[i] += 2 * identityPull * (w.values[i] - (row == column ? 1 : 0))
            }
        }
    }

    package func parameterLoss() -> Double {
        guard identityPull > 0, let w = weight.parameter else { return 0 }
        let width = w.shape[1]
        var sum = 0.0
        for i in 0..<w.count {
            let d = Double(w.values[i]) - (i / width == i % width ? 1 : 0)
            sum += d * d
        }
        return Double(identityPull) * sum
    }
}
