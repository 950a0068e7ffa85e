import CKernels

/// The rows of a head's marked tokens, in order. x: [tokens, width]; y: [marked tokens, width].
package final class GatherMarked: Operation {
    private let x: Value
    private let head: Int
    package let output: Value

    package init(_ x: Value, head: Int, in builder: PlanBuilder) {
        precondition(x.rows == .tokens, "marked rows are gathered from tokens")
        self.x = x
        self.head = head
        output = builder.value(.marked(head: head), x.width)
    }

    package var inputs: [Value] { [x] }
    package var rowCut: RowCut { .gathered }

    /// Calls `body` with each marked row's index in the output and in x, both counted from the first that the run shows.
    private func forEachMark(_ run: SliceRun, _ body: (_ index: Int, _ row: Int) -> Void) {
        guard let marks = run.batch.targets[head]?.marks else { return }
        let tokens = run.range(x)
        for (index, mark) in run.range(output).enumerated() where tokens.contains(Int(marks[mark])) {
            body(index, Int(marks[mark]) - tokens.lowerBound)
        }
    }

    package func forward(_ run: SliceRun) {
        let (y, source, width) = (run.values(output), run.values(x), x.width)
        forEachMark(run) { index, row in (y + index * width).update(from: source + row * width, count: width) }
    }

    package func backward(_ run: SliceRun) {
        guard let target = run.gradient(0) else { return }
        let (dy, width) = (run.outputGradient, x.width)
        if !target.adds { target.pointer.update(repeating: 0, count: run.rows(x) * width) }
        forEachMark(run) { index, row in
            run.kernels.pointee.add(target.pointer + row * width, dy + index * width, width, 1, true)
        }
    }
}
