/// A head's row losses scaled so that their sum over the batch is the head's mean loss times its coefficient.
///
/// losses: [rows, 1]; y[r] = coefficient / normalizer · weight[r] · losses[r], all as the batch says (`HeadTargets`), so that
/// they may differ from step to step. Where several heads read one batch, each has its own; the batch's loss is the sum of all. Its
/// own gradient is 1.
package final class Reduce: Operation {
    private let losses: Value
    private let head: Int
    package let output: Value

    package init(_ losses: Value, head: Int, in builder: PlanBuilder) {
        precondition(losses.width == 1, "row losses of width \(losses.width)")
        self.losses = losses
        self.head = head
        output = builder.value(losses.rows, 1)
    }

    package var inputs: [Value] { [losses] }
    package var rowCut: RowCut { .own }

    private func factor(_ run: SliceRun) -> Double { run.batch.targets[head]?.factor ?? 0 }

    package func forward(_ run: SliceRun) {
        let (y, losses, factor) = (run.values(output), run.values(losses), factor(run))
        let (weights, first) = (run.batch.targets[head]?.weights, run.range(output).lowerBound)
        for row in 0..<run.rows(output) {
            y[row] = Float(Double(losses[row]) * factor * (weights.map { Double($0[first + row]) } ?? 1))
        }
    }

    package func backward(_ run: SliceRun) {
        guard let target = run.gradient(0) else { return }
        precondition(!target.adds, "the reduction is the only consumer of its row losses")
        guard let weights = run.batch.targets[head]?.weights else {
            return target.pointer.update(repeating: Float(factor(run)), count: run.rows(losses))
        }
        let (factor, first) = (factor(run), run.range(losses).lowerBound)
        for row in 0..<run.rows(losses) { target.pointer[row] = Float(factor * Double(weights[first + row])) }
    }
}
