import CKernels

/// y = W: the rows of a matrix as values, where tensors are derived (`PlanBuilder.derive`).
///
/// W: [rows, width], y: [rows, width]. Differentiable in W.
package final class WeightRows: Operation {
    private let weight: Operand
    package let output: Value

    package init(_ weight: Operand, in builder: PlanBuilder) {
        guard let rows = builder.derivedRows, weight.shape.count == 2 else {
            preconditionFailure("the rows of a weight \(weight.shape) are values only within a derivation")
        }
        weight.require([rows, weight.shape[1]], "the weight whose rows are read")
        self.weight = weight
        output = builder.value(.tokens, weight.shape[1])
    }

    package var inputs: [Value] { [] }
    package var rowCut: RowCut { .own }
    package var parameters: [Parameter] { weight.parameter.map { [$0] } ?? [] }

    package func forward(_ run: SliceRun) {
        let first = weight.floats + run.range(output).lowerBound * output.width
        run.values(output).update(from: first, count: run.rows(output) * output.width)
    }

    package func backward(_ run: SliceRun) {}

    package func accumulate(unit: Int, _ run: BatchRun) {
        guard let weight = weight.parameter else { return }
        run.begin(weight)
        let first = weight.gradient + run.group.tokens.lowerBound * output.width
        run.kernels.pointee.add(first, run.gradient(output), run.rows(output) * output.width, 1, true)
    }
}

/// The end of a derivation: hands a derived tensor's gradient to the value that the tensor is made of.
final class PullBack: Operation {
    private let x: Value
    private let gradient: UnsafePointer<Float>
    let output: Value

    /// - Parameter gradient: [rows, width], as x.
    init(_ x: Value, from gradient: UnsafeMutablePointer<Float>, in builder: PlanBuilder) {
        self.x = x
        self.gradient = UnsafePointer(gradient)
        output = builder.value(x.rows, 1)
    }

    var inputs: [Value] { [x] }
    var rowCut: RowCut { .own }

    func forward(_ run: SliceRun) {}

    func backward(_ run: SliceRun) {
        guard let target = run.gradient(0) else { return }
        run.kernels.pointee.add(
            target.pointer, gradient + run.range(x).lowerBound * x.width, run.rows(x) * x.width, 1, target.adds)
    }
}
