import CKernels

/// A gated linear unit without its projection (Shazeer 2020, section 2): y = f(a) ⊙ b, where x = [a, b]. GeGLU with f = GELU.
///
/// x: [rows, 2 · width]; y: [rows, width]. Differentiable in x.
package final class GatedActivation: Operation {
    private let x: Value
    private let kind: ActivationKind
    package let output: Value

    package init(_ x: Value, _ kind: ActivationKind, in builder: PlanBuilder) {
        precondition(x.width % 2 == 0, "a gate over \(x.width) columns")
        self.x = x
        self.kind = kind
        output = builder.value(x.rows, x.width / 2)
    }

    package var inputs: [Value] { [x] }
    package var rowCut: RowCut { .own }
    package var computation: Computation? { Computation(self, [x], numbers: [Double(kind.code)]) }
    package var readInBackward: [Value] { [x] }

    package func forward(_ run: SliceRun) {
        let (x, width) = (run.values(x), output.width)
        run.kernels.pointee.gate(kind.code, run.values(output), x, x + width, 2 * width, run.rows(output), width)
    }

    package func backward(_ run: SliceRun) {
        guard let target = run.gradient(0) else { return }
        let (x, width) = (run.values(x), output.width)
        run.kernels.pointee.gate_backward(
            kind.code, target.pointer, target.pointer + width, run.outputGradient, x, x + width, 2 * width,
            run.rows(output), width, target.adds, target.adds)
    }
}
