import CKernels

/// y[t] = tensor[i] where row t is a sequence's virtual token i, else x[t] (`VirtualTokens`). With `adds`, tensor[i] + x[t].
///
/// x, y: [tokens, width]; tensor: [virtual tokens, width]. Differentiable in x and the tensor.
package final class VirtualRows: Operation {
    private let x: Value
    private let tensor: Operand
    private let adds: Bool
    package let output: Value

    package init(_ x: Value, _ tensor: Operand, adds: Bool = false, in builder: PlanBuilder) {
        guard let virtual = builder.virtualTokens else { preconditionFailure("the plan has no virtual tokens") }
        precondition(x.rows == .tokens, "virtual tokens among \(x.rows)")
        tensor.require([virtual.count, x.width], "the rows of virtual tokens")
        self.x = x
        self.tensor = tensor
        self.adds = adds
        output = builder.value(.tokens, x.width)
    }

    package var inputs: [Value] { [x] }
    package var rowCut: RowCut { .own }
    package var parameters: [Parameter] { tensor.parameter.map { [$0] } ?? [] }

    package func forward(_ run: SliceRun) {
        let (y, source, width) = (run.values(output), run.values(x), x.width)
        for (row, t) in run.range(output).enumerated() {
            let (to, from) = (y + row * width, source + row * width)
            guard let index = VirtualTokens.index(run.batch.ids[t]) else {
                to.update(from: from, count: width)
                continue
            }
            to.update(from: tensor.floats + index * width, count: width)
            if adds { run.kernels.pointee.add(to, from, width, 1, true) }
        }
    }

    package func backward(_ run: SliceRun) {
        guard let target = run.gradient(0) else { return }
        let (dy, width) = (run.outputGradient, x.width)
        for (row, t) in run.range(output).enumerated() {
            let dx = target.pointer + row * width
            if adds || VirtualTokens.index(run.batch.ids[t]) == nil {
                run.kernels.pointee.add(dx, dy + row * width, width, 1, target.adds)
            } else if !target.adds {
                dx.update(repeating: 0, count: width)
            }
        }
    }

    package func accumulate(unit: Int, _ run: BatchRun) {
        guard let tensor = tensor.parameter else { return }
        run.begin(tensor)
        let (dy, width) = (run.gradient(output), x.width)
        for (row, t) in run.group.tokens.enumerated() {
            guard let index = VirtualTokens.index(run.batch.ids[t]) else { continue }
            run.kernels.pointee.add(tensor.gradient + index * width, dy + row * width, width, 1, true)
        }
    }
}
