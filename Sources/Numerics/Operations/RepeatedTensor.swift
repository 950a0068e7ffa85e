import CKernels

/// y[r] = t for every row r: what all rows share, such as a prefix that all sequences have.
///
/// t: a tensor of any shape; y: [rows, elements of t]. Differentiable in t.
package final class RepeatedTensor: Operation {
    private let tensor: Operand
    package let output: Value

    package init(_ tensor: Operand, rows: Rows, in builder: PlanBuilder) {
        let width = tensor.shape.reduce(1, *)
        precondition(width > 0, "a repeated tensor of shape \(tensor.shape) has no elements")
        self.tensor = tensor
        output = builder.value(rows, width)
    }

    package var inputs: [Value] { [] }
    package var rowCut: RowCut { .own }
    package var parameters: [Parameter] { tensor.parameter.map { [$0] } ?? [] }

    package func forward(_ run: SliceRun) {
        let y = run.values(output)
        for row in 0..<run.rows(output) {
            (y + row * output.width).update(from: tensor.floats, count: output.width)
        }
    }

    package func backward(_ run: SliceRun) {}

    package func accumulate(unit: Int, _ run: BatchRun) {
        guard let tensor = tensor.parameter else { return }
        run.begin(tensor)
        run.kernels.pointee.column_sums(tensor.gradient, run.gradient(output), nil, run.rows(output), output.width)
    }
}
