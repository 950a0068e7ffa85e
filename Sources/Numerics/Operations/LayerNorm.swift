import CKernels

/// y = γ ⊙ (x − mean) / √(variance + ε) + β over each row (Ba et al. 2016, eq. 4); β may be absent.
///
/// x, y: [rows, width]. Differentiable in x, γ, β.
package final class LayerNorm: Operation {
    private let x: Value
    private let gamma: Operand
    private let beta: Operand?
    private let epsilon: Float
    package let output: Value

    package init(_ x: Value, gamma: Operand, beta: Operand?, epsilon: Float, in builder: PlanBuilder) {
        gamma.require([x.width], "a norm's weight")
        beta?.require([x.width], "a norm's bias")
        self.x = x
        self.gamma = gamma
        self.beta = beta
        self.epsilon = epsilon
        output = builder.value(x.rows, x.width)
    }

    package var inputs: [Value] { [x] }
    package var rowCut: RowCut { .own }
    package var computation: Computation? {
        Computation(self, [x], operands: [gamma, beta], numbers: [Double(epsilon)])
    }
    package var readInBackward: [Value] { [x] }
    package var parameters: [Parameter] { [gamma.parameter, beta?.parameter].compactMap { $0 } }
    package var readForParameters: [Value] { gamma.isTrainable ? [x] : [] }

    /// Mean and 1 / standard deviation.
    package var privateWidth: Int { 2 }

    package func forward(_ run: SliceRun) {
        run.kernels.pointee.normalize(
            run.values(output), run.own, run.values(x), gamma.floats, beta?.floats, run.rows(x), x.width, epsilon)
    }

    package func backward(_ run: SliceRun) {
        guard let target = run.gradient(0) else { return }
        run.kernels.pointee.normalize_backward(
            target.pointer, run.outputGradient, run.values(x), run.own, gamma.floats, run.rows(x), x.width, target.adds)
    }

    package func accumulate(unit: Int, _ run: BatchRun) {
        let rows = run.rows(x)
        parameters.forEach(run.begin)
        guard let gamma = gamma.parameter else {
            if let beta = beta?.parameter {
                run.kernels.pointee.column_sums(beta.gradient, run.gradient(output), nil, rows, x.width)
            }
            return
        }
        // The slices' statistics are gone by now; a second pass over x is cheaper than keeping them
        let stats = AlignedBuffer(count: 2 * rows)
        let row = AlignedBuffer(count: x.width)
        for r in 0..<rows {
            run.kernels.pointee.normalize(
                row.floats, stats.floats + 2 * r, run.values(x) + r * x.width, self.gamma.floats, beta?.floats, 1,
                x.width, epsilon)
        }
        run.kernels.pointee.normalize_parameters(
            gamma.gradient, beta?.parameter?.gradient, run.gradient(output), run.values(x), stats.floats, rows, x.width)
    }
}
