import CKernels

/// y = γ ⊙ x / √(mean of x² + ε) over each row, or over each of its equal parts (Zhang & Sennrich 2019, eq. 4).
///
/// x, y: [rows, parts · width]; γ: [width], the same for all parts: with several, it norms each head of a projection.
/// Differentiable in x and γ.
package final class RMSNorm: Operation {
    private let x: Value
    private let gamma: Operand
    private let epsilon: Float
    private let parts: Int
    package let output: Value

    package init(_ x: Value, gamma: Operand, epsilon: Float, in builder: PlanBuilder) {
        let width = gamma.shape.reduce(1, *)
        precondition(gamma.shape.count == 1 && width > 0 && x.width % width == 0, "a norm of \(width) over \(x.width)")
        self.x = x
        self.gamma = gamma
        self.epsilon = epsilon
        parts = x.width / width
        output = builder.value(x.rows, x.width)
    }

    private var width: Int { x.width / parts }

    package var inputs: [Value] { [x] }
    package var rowCut: RowCut { .own }
    package var computation: Computation? {
        Computation(self, [x], operands: [gamma], numbers: [Double(epsilon)])
    }
    package var readInBackward: [Value] { [x] }
    package var parameters: [Parameter] { gamma.parameter.map { [$0] } ?? [] }
    package var readForParameters: [Value] { gamma.isTrainable ? [x] : [] }

    /// 1 / √(mean of x² + ε) of each part.
    package var privateWidth: Int { parts }

    package func forward(_ run: SliceRun) {
        run.kernels.pointee.scale_rows(
            run.values(output), run.own, run.values(x), gamma.floats, run.rows(x) * parts, width, epsilon)
    }

    package func backward(_ run: SliceRun) {
        guard let target = run.gradient(0) else { return }
        run.kernels.pointee.scale_rows_backward(
            target.pointer, run.outputGradient, run.values(x), run.own, gamma.floats, run.rows(x) * parts, width,
            target.adds)
    }

    package func accumulate(unit: Int, _ run: BatchRun) {
        guard let parameter = gamma.parameter else { return }
        run.begin(parameter)
        // The slices' numbers are gone by now; a second pass over x is cheaper than keeping them
        let rows = run.rows(x) * parts
        let (scales, row) = (AlignedBuffer(count: rows), AlignedBuffer(count: width))
        for r in 0..<rows {
            run.kernels.pointee.scale_rows(
                row.floats, scales.floats + r, run.values(x) + r * width, gamma.floats, 1, width, epsilon)
        }
        run.kernels.pointee.scale_rows_parameters(
            parameter.gradient, run.gradient(output), run.values(x), scales.floats, rows, width)
    }
}
