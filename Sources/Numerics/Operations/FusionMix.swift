import CKernels

/// The mixing step of AdapterFusion (Pfeiffer et al. 2021, section 3.2.2) over narrow activations.
///
/// With uₙ = Upₙ zₙ + cₙ the score q · K uₙ is (Upₙᵀ m) · zₙ + m · cₙ + q · b, where m = Kᵀq: so keys and values cost one
/// product a token, not one an adapter, and no adapter is ever projected up by itself.
///
/// w: [rows, Z + N], the query seen through each adapter's up matrix, then through its bias; z: [rows, Z]; queryBias:
/// [rows, 1], q · b, the same for all adapters (it matters when dropout thins the scores). Output: [rows, Z + N],
/// pₙ zₙ for each adapter, then the probabilities p. Differentiable in w, z and queryBias.
package final class FusionMix: Operation {
    private let w: Value
    private let z: Value
    private let queryBias: Value
    private let starts: [Int32]
    private let temperature: Float
    private let dropout: DropoutSite
    package let output: Value

    /// - Parameter widths: the adapters' bottleneck widths, in order.
    package init(
        w: Value, z: Value, queryBias: Value, widths: [Int], temperature: Float, dropout: DropoutSite,
        in builder: PlanBuilder
    ) {
        precondition(
            w.width == z.width + widths.count && widths.reduce(0, +) == z.width && widths.allSatisfy { $0 > 0 },
            "mixing widths \(widths) of \(z.width) columns with \(w.width) weights")
        precondition(
            z.rows == w.rows && queryBias.rows == w.rows && queryBias.width == 1,
            "mixing \(z.rows) by \(w.rows), with a bias of \(queryBias.rows) and width \(queryBias.width)")
        self.w = w
        self.z = z
        self.queryBias = queryBias
        starts = widths.reduce(into: [0]) { $0.append(($0.last ?? 0) + Int32($1)) }
        self.temperature = temperature
        self.dropout = dropout
        output = builder.value(w.rows, w.width)
    }

    private var adapters: Int { starts.count - 1 }
    package var inputs: [Value] { [w, z, queryBias] }
    package var rowCut: RowCut { .own }
    package var drops: Bool { dropout.rate > 0 }
    package var readInBackward: [Value] { [w, z] }
    /// The probabilities.
    package var privateWidth: Int { adapters }

    package func forward(_ run: SliceRun) {
        run.withIdentities(w.rows) { identities in
            run.kernels.pointee.fusion_mix(
                run.values(output), run.own, run.values(w), run.values(z), identities, starts, adapters, run.rows(w),
                run.values(queryBias), temperature, dropout.kernel(stepKey: run.stepKey))
        }
    }

    package func backward(_ run: SliceRun) {
        let (dw, dz, dq) = (run.gradient(0), run.gradient(1), run.gradient(2))
        precondition(dw?.adds != true && dq?.adds != true, "the mix is its queries' only consumer")
        let spare = run.scratch(dw == nil ? run.rows(w) * w.width : 0)
        run.withIdentities(w.rows) { identities in
            run.kernels.pointee.fusion_mix_backward(
                dw?.pointer ?? spare, dz?.pointer, dz?.adds ?? false, dq?.pointer, run.outputGradient, run.own,
                run.values(w), run.values(z), identities, starts, adapters, run.rows(w), temperature,
                dropout.kernel(stepKey: run.stepKey))
        }
    }
}

/// y = (x₁, x₂, …) side by side. Each [rows, widthᵢ]; y: [rows, Σ widthᵢ].
package final class Concatenate: Operation {
    package let inputs: [Value]
    package let output: Value
    package var rowCut: RowCut { .own }

    package init(_ inputs: [Value], in builder: PlanBuilder) {
        precondition(
            !inputs.isEmpty && inputs.allSatisfy { $0.rows == inputs[0].rows },
            "side by side: \(inputs.map(\.rows))")
        self.inputs = inputs
        output = builder.value(inputs[0].rows, inputs.reduce(0) { $0 + $1.width })
    }

    package func forward(_ run: SliceRun) {
        var column = 0
        for input in inputs {
            for row in 0..<run.rows(input) {
                (run.values(output) + row * output.width + column)
                    .update(from: run.values(input) + row * input.width, count: input.width)
            }
            column += input.width
        }
    }

    package func backward(_ run: SliceRun) {
        var column = 0
        for (i, input) in inputs.enumerated() {
            if let target = run.gradient(i) {
                for row in 0..<run.rows(input) {
                    run.kernels.pointee.add(
                        target.pointer + row * input.width, run.outputGradient + row * output.width + column,
                        input.width, 1, target.adds)
                }
            }
            column += input.width
        }
    }
}
