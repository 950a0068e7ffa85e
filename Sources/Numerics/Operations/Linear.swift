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
    private let precision: Precision
    private var forwardSide: RightSide?
    private var backwardSide: RightSide?
    package let output: Value

    /// Rows of the weight that one piece of its gradient covers: some tiles of the widest kernel.
    private static let tile = 98

    /// - Parameters:
    ///   - weightTransposed: multiplies with W in place of Wᵀ.
    ///   - identityPull: λ of a loss λ ‖I − W‖² (Frobenius), part of `parameterLoss`.
    package init(
        _ x: Value, weight: Operand, bias: Operand?, residual: Value? = nil, scale: Float = 1,
        weightTransposed: Bool = false, identityPull: Float = 0, in builder: PlanBuilder
    ) {
        precondition(weight.shape.count == 2, "the weight of a product has shape \(weight.shape)")
        let (rows, columns) = (weight.shape[0], weight.shape[1])
        precondition(
            x.width == (weightTransposed ? rows : columns), "width \(x.width) times a weight \(weight.shape)")
        bias?.require([weightTransposed ? columns : rows], "the bias of a product")
        self.x = x
        self.weight = weight
        self.bias = bias
        self.residual = residual
        self.scale = scale
        self.identityPull = weight.isTrainable ? identityPull : 0
        transposesWeight = !weightTransposed
        precision = builder.precision
        output = builder.value(x.rows, weightTransposed ? columns : rows)
        if let residual { residual.require(like: output, "the residual of a product") }
    }

    package var inputs: [Value] { residual.map { [x, $0] } ?? [x] }
    package var rowCut: RowCut { .own }
    package var computation: Computation? {
        Computation(
            self, [x, residual], operands: [weight, bias], numbers: [Double(scale), transposesWeight ? 1 : 0])
    }
    package var parameters: [Parameter] { [weight.parameter, bias?.parameter].compactMap { $0 } }
    package var readForParameters: [Value] { weight.isTrainable ? [x] : [] }
    package func multiplyAdds(_ batch: PackedBatch, inputGradients: [Bool], trains: Bool) -> Double {
        let products = 1 + (inputGradients.first == true ? 1 : 0) + (trains && weight.isTrainable ? 1 : 0)
        return Double(batch.rows(x.rows) * x.width * output.width * products)
    }

    package func rightSides(differentiates: Bool) -> [RightSide] {
        let forward = weight.side(transposed: transposesWeight, precision: precision)
        forwardSide = forward
        guard differentiates else { return weight.isTrainable ? [forward] : [] }
        let backward = weight.side(transposed: !transposesWeight, precision: precision)
        backwardSide = backward
        return weight.isTrainable ? [forward, backward] : []
    }

    /// Panels of columns: each share reads its own part of the weight, whatever the number of rows.
    package func shares(_ run: SliceRun, backward: Bool) -> Int {
        guard let side = backward ? backwardSide : forwardSide else { return 1 }
        return (side.outer + side.panel - 1) / max(side.panel, 1)
    }

    package func forward(_ run: SliceRun) {
        guard let forwardSide else { preconditionFailure("no plan has compiled this") }
        Products.multiply(
            run.values(x), rows: run.rows(x), forwardSide,
            columns: run.share.map { forwardSide.columns(of: output.width, $0) },
            into: run.values(output), scale: scale, bias: bias?.floats,
            residual: residual.map { UnsafePointer(run.values($0)) }, scratch: run.scratch)
    }

    package func backward(_ run: SliceRun) {
        let rows = run.rows(x)
        let dy = run.outputGradient
        if let target = run.gradient(0) {
            guard let backwardSide else { preconditionFailure("no plan has compiled this for training") }
            Products.multiply(
                dy, rows: rows, backwardSide, columns: run.share.map { backwardSide.columns(of: x.width, $0) },
                into: target.pointer,
                scale: scale, residual: target.adds ? UnsafePointer(target.pointer) : nil, scratch: run.scratch)
        }
        if residual != nil, let target = run.gradient(1) {
            let width = output.width
            if let share = run.share, let side = backwardSide ?? forwardSide {
                // The same columns as above, because the residual may be x itself
                let columns = side.columns(of: width, share)
                for first in stride(from: columns.lowerBound, to: rows * width, by: width) {
                    run.kernels.pointee.add(target.pointer + first, dy + first, columns.count, 1, target.adds)
                }
            } else {
                run.kernels.pointee.add(target.pointer, dy, rows * width, 1, target.adds)
            }
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
            Products.multiplyTransposed(
                left + first, width: leftWidth, columns: min(Self.tile, leftWidth - first), right, width: rightWidth,
                rows: rows, into: w.gradient + first * rightWidth, scale: scale, adds: run.accumulates)
            // a loss of the parameters counts once a step, however many batches are added up
            if identityPull > 0, run.countsLoss(of: w) { pull(w, rows: first..<min(first + Self.tile, leftWidth)) }
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
