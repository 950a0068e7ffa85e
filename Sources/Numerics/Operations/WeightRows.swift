import CKernels

/// y = W, or W ⊙ x: the rows of a matrix as values, where tensors are derived (`PlanBuilder.derive`).
///
/// W, x, y: [rows, width]. Differentiable in W; x is a constant.
package final class WeightRows: Operation {
    private let weight: Operand
    private let factors: Value?
    package let output: Value

    /// - Parameter factors: x, which gets no gradient.
    package init(_ weight: Operand, times factors: Value? = nil, in builder: PlanBuilder) {
        guard let rows = builder.derivedRows, weight.shape.count == 2 else {
            preconditionFailure("the rows of a weight \(weight.shape) are values only within a derivation")
        }
        weight.require([rows, weight.shape[1]], "the weight whose rows are read")
        self.weight = weight
        self.factors = factors
        output = builder.value(.tokens, weight.shape[1])
        factors?.require(like: output, "the factors of a weight")
    }

    package var inputs: [Value] { factors.map { [$0] } ?? [] }
    package var rowCut: RowCut { .own }
    package var parameters: [Parameter] { weight.parameter.map { [$0] } ?? [] }
    package var readForParameters: [Value] { weight.isTrainable ? inputs : [] }

    package func forward(_ run: SliceRun) {
        let first = weight.rows(run.range(output)) { run.scratch($0) }
        let (y, count) = (run.values(output), run.rows(output) * output.width)
        guard let factors else { return y.update(from: first, count: count) }
        let x = run.values(factors)
        for i in 0..<count { y[i] = first[i] * x[i] }
    }

    package func backward(_ run: SliceRun) {}

    package func accumulate(unit: Int, _ run: BatchRun) {
        guard let weight = weight.parameter else { return }
        run.begin(weight)
        let first = weight.gradient + run.group.tokens.lowerBound * output.width
        let (dy, count) = (run.gradient(output), run.rows(output) * output.width)
        guard let factors else { return run.kernels.pointee.add(first, dy, count, 1, true) }
        let x = run.values(factors)
        for i in 0..<count { first[i] += dy[i] * x[i] }
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
