/// y[r, c] = x[r, column of c's block] · W[r, c]: blocks of a frozen matrix's columns, each times a factor for each row, where
/// tensors are derived (`PlanBuilder.derive`).
///
/// x: [rows, factors]; W, y: [rows, Σ widths]. Differentiable in x.
package final class ScaledBlocks: Operation {
    private let x: Value
    private let weight: Weight
    private let blocks: [(column: Int, width: Int)]
    package let output: Value

    /// - Parameters:
    ///   - weight: [rows, Σ widths]
    ///   - blocks: from the left: the column of x that has the block's factors, and the block's width
    package init(
        _ x: Value, times weight: Weight, blocks: [(column: Int, width: Int)], in builder: PlanBuilder
    ) {
        guard let rows = builder.derivedRows else {
            preconditionFailure("the rows of a weight \(weight.shape) are values only within a derivation")
        }
        let width = blocks.reduce(0) { $0 + $1.width }
        precondition(weight.shape == [rows, width], "blocks of \(width) columns for a weight \(weight.shape)")
        precondition(
            blocks.allSatisfy { (0..<x.width).contains($0.column) && $0.width > 0 },
            "blocks \(blocks) with \(x.width) factors")
        self.x = x
        self.weight = weight
        self.blocks = blocks
        output = builder.value(x.rows, width)
    }

    package var inputs: [Value] { [x] }
    package var rowCut: RowCut { .own }

    package func forward(_ run: SliceRun) {
        let w = weight.floats + run.range(output).lowerBound * output.width
        let (y, factors) = (run.values(output), run.values(x))
        for row in 0..<run.rows(output) {
            var i = row * output.width
            for block in blocks {
                let factor = factors[row * x.width + block.column]
                for _ in 0..<block.width {
                    y[i] = factor * w[i]
                    i += 1
                }
            }
        }
    }

    package func backward(_ run: SliceRun) {
        guard let target = run.gradient(0) else { return }
        let w = weight.floats + run.range(output).lowerBound * output.width
        let dy = run.outputGradient
        // Several blocks may have one factor, and a factor no block
        if !target.adds { target.pointer.update(repeating: 0, count: run.rows(x) * x.width) }
        for row in 0..<run.rows(output) {
            var i = row * output.width
            for block in blocks {
                var sum: Float = 0
                for _ in 0..<block.width {
                    sum += dy[i] * w[i]
                    i += 1
                }
                target.pointer[row * x.width + block.column] += sum
            }
        }
    }
}
