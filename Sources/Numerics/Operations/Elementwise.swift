import CKernels

/// The non-linearities of the field, by their usual names.
package enum ActivationKind: String, CaseIterable, Sendable {
    case relu
    /// Exact: x Φ(x) with erf
    case gelu
    /// ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))): the tanh form, also called gelu_pytorch_tanh and gelu_fast
    case geluTanh = "gelu_new"
    /// x σ(x); also called SiLU
    case swish
    case tanh

    var code: Int32 {
        switch self {
        case .relu: Int32(AMALGAM_RELU)
        case .gelu: Int32(AMALGAM_GELU)
        case .geluTanh: Int32(AMALGAM_GELU_TANH)
        case .swish: Int32(AMALGAM_SWISH)
        case .tanh: Int32(AMALGAM_TANH)
        }
    }
}

/// y = f(x), element by element. x, y: [rows, width].
package final class Activation: Operation {
    private let x: Value
    private let kind: ActivationKind
    package let output: Value

    package init(_ x: Value, _ kind: ActivationKind, in builder: PlanBuilder) {
        self.x = x
        self.kind = kind
        output = builder.value(x.rows, x.width)
    }

    package var inputs: [Value] { [x] }
    package var rowCut: RowCut { .own }
    package var computation: Computation? { Computation(self, [x], numbers: [Double(kind.code)]) }
    package var readInBackward: [Value] { [x] }

    package func forward(_ run: SliceRun) {
        run.kernels.pointee.activate(kind.code, run.values(output), run.values(x), run.rows(x) * x.width)
    }

    package func backward(_ run: SliceRun) {
        guard let target = run.gradient(0) else { return }
        run.kernels.pointee.activate_backward(
            kind.code, target.pointer, run.outputGradient, run.values(x), run.rows(x) * x.width, target.adds)
    }
}

/// y = dropout(x) + residual. x, residual, y: [rows, width].
///
/// What is dropped depends on (seed, step, site, example, position, column) only.
package final class DropAdd: Operation {
    private let x: Value
    private let residual: Value?
    private let dropout: DropoutSite
    package let output: Value

    package init(_ x: Value, residual: Value? = nil, dropout: DropoutSite, in builder: PlanBuilder) {
        if let residual { residual.require(like: x, "the residual") }
        self.x = x
        self.residual = residual
        self.dropout = dropout
        output = builder.value(x.rows, x.width)
    }

    package var inputs: [Value] { residual.map { [x, $0] } ?? [x] }
    package var drops: Bool { dropout.rate > 0 }
    package var rowCut: RowCut { .own }
    package var computation: Computation? { Computation(self, [x, residual], numbers: dropout.numbers) }

    package func forward(_ run: SliceRun) {
        run.withIdentities(x.rows) { identities in
            run.kernels.pointee.drop_rows(
                run.values(output), run.values(x), residual.map { UnsafePointer(run.values($0)) }, identities,
                run.rows(x), x.width, dropout.kernel(stepKey: run.stepKey), false)
        }
    }

    package func backward(_ run: SliceRun) {
        if let target = run.gradient(0) {
            run.withIdentities(x.rows) { identities in
                run.kernels.pointee.drop_rows(
                    target.pointer, run.outputGradient, nil, identities, run.rows(x), x.width,
                    dropout.kernel(stepKey: run.stepKey), target.adds)
            }
        }
        if residual != nil, let target = run.gradient(1) {
            run.kernels.pointee.add(target.pointer, run.outputGradient, run.rows(x) * x.width, 1, target.adds)
        }
    }
}

/// y[r] = x[r] ⊙ factors, or center + (x[r] − center) ⊙ factors: vectors [width] for all rows.
///
/// Differentiable in x, factors and center.
package final class MultiplyRows: Operation {
    private let x: Value
    private let factors: Operand
    private let center: Operand?
    package let output: Value

    /// - Parameter center: what the factors leave as it is, such as a bias; nil: zero.
    package init(_ x: Value, by factors: Operand, around center: Operand? = nil, in builder: PlanBuilder) {
        factors.require([x.width], "factors")
        center?.require([x.width], "the center of a product")
        self.x = x
        self.factors = factors
        self.center = center
        output = builder.value(x.rows, x.width)
    }

    package var inputs: [Value] { [x] }
    package var rowCut: RowCut { .own }
    package var parameters: [Parameter] { [factors.parameter, center?.parameter].compactMap { $0 } }
    package var readForParameters: [Value] { factors.isTrainable ? [x] : [] }

    package func forward(_ run: SliceRun) {
        let y = run.values(output)
        run.kernels.pointee.multiply_rows(y, run.values(x), factors.floats, run.rows(x), x.width, false)
        guard let center else { return }
        // (1 − factors) ⊙ center is the same in each row
        let rest = run.scratch(x.width)
        for i in 0..<x.width { rest[i] = (1 - factors.floats[i]) * center.floats[i] }
        run.kernels.pointee.fill_rows(y, rest, y, run.rows(x), x.width)
    }

    package func backward(_ run: SliceRun) {
        guard let target = run.gradient(0) else { return }
        run.kernels.pointee.multiply_rows(
            target.pointer, run.outputGradient, factors.floats, run.rows(x), x.width, target.adds)
    }

    package func accumulate(unit: Int, _ run: BatchRun) {
        let dy = run.gradient(output)
        if let factors = factors.parameter {
            run.begin(factors)
            run.kernels.pointee.column_sums(factors.gradient, dy, run.values(x), run.rows(x), x.width)
        }
        guard let center else { return }
        let sums = AlignedBuffer(count: x.width)
        run.kernels.pointee.column_sums(sums.floats, dy, nil, run.rows(x), x.width)
        if let factors = factors.parameter {
            for i in 0..<x.width { factors.gradient[i] -= center.floats[i] * sums.floats[i] }
        }
        if let center = center.parameter {
            run.begin(center)
            for i in 0..<x.width { center.gradient[i] += (1 - factors.floats[i]) * sums.floats[i] }
        }
    }
}
