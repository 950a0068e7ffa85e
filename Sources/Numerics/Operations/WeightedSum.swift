import CKernels

/// y = Σᵢ wᵢ xᵢ with constant weights. Each xᵢ and y: [rows, width]. Differentiable in every xᵢ.
package final class WeightedSum: Operation {
    package let inputs: [Value]
    private let weights: [Float]
    package let output: Value
    package var rowCut: RowCut { .own }

    package init(_ inputs: [Value], weights: [Float], in builder: PlanBuilder) {
        precondition(
            !inputs.isEmpty && inputs.count == weights.count, "\(weights.count) weights for \(inputs.count) values")
        for input in inputs { input.require(like: inputs[0], "a summand") }
        self.inputs = inputs
        self.weights = weights
        output = builder.value(inputs[0].rows, inputs[0].width)
    }

    package func forward(_ run: SliceRun) {
        for (i, input) in inputs.enumerated() {
            run.kernels.pointee.add(
                run.values(output), run.values(input), run.rows(output) * output.width, weights[i], i > 0)
        }
    }

    package func backward(_ run: SliceRun) {
        for i in inputs.indices {
            guard let target = run.gradient(i) else { continue }
            run.kernels.pointee.add(
                target.pointer, run.outputGradient, run.rows(output) * output.width, weights[i], target.adds)
        }
    }
}
