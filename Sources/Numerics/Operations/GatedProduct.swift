import CKernels

/// A gated linear unit whose two projections are values of their own (Shazeer 2020, section 2): y = f(a) ⊙ b. SwiGLU with f =
/// swish.
///
/// a, b, y: [rows, width]. Differentiable in a and b.
package final class GatedProduct: Operation {
    private let a: Value
    private let b: Value
    private let kind: ActivationKind
    package let output: Value

    package init(_ a: Value, _ b: Value, _ kind: ActivationKind, in builder: PlanBuilder) {
        precondition(a.id != b.id, "a gate over itself")
        b.require(like: a, "what a gate lets through")
        self.a = a
        self.b = b
        self.kind = kind
        output = builder.value(a.rows, a.width)
    }

    package var inputs: [Value] { [a, b] }
    package var rowCut: RowCut { .own }
    package var computation: Computation? { Computation(self, [a, b], numbers: [Double(kind.code)]) }
    package var readInBackward: [Value] { [a, b] }

    package func forward(_ run: SliceRun) {
        run.kernels.pointee.gate(
            kind.code, run.values(output), run.values(a), run.values(b), a.width, run.rows(a), a.width)
    }

    package func backward(_ run: SliceRun) {
        let (first, second) = (run.gradient(0), run.gradient(1))
        run.kernels.pointee.gate_backward(
            kind.code, first?.pointer, second?.pointer, run.outputGradient, run.values(a), run.values(b), a.width,
            run.rows(a), a.width, first?.adds ?? false, second?.adds ?? false)
    }
}
