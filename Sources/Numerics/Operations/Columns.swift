import CKernels

/// Some columns of x. x: [rows, width]; y: [rows, columns].
package final class Columns: Operation {
    private let x: Value
    private let range: Range<Int>
    package let output: Value

    package init(_ x: Value, _ range: Range<Int>, in builder: PlanBuilder) {
        precondition(
            !range.isEmpty && range.lowerBound >= 0 && range.upperBound <= x.width,
            "columns \(range) of a value of width \(x.width)")
        self.x = x
        self.range = range
        output = builder.value(x.rows, range.count)
    }

    package var inputs: [Value] { [x] }
    package var rowCut: RowCut { .own }

    package func forward(_ run: SliceRun) {
        let (y, source) = (run.values(output), run.values(x) + range.lowerBound)
        for row in 0..<run.rows(x) {
            (y + row * range.count).update(from: source + row * x.width, count: range.count)
        }
    }

    package func backward(_ run: SliceRun) {
        guard let target = run.gradient(0) else { return }
        let rows = run.rows(x)
        // Whoever reads the other columns adds to what stands here
        if !target.adds { target.pointer.update(repeating: 0, count: rows * x.width) }
        for row in 0..<rows {
            run.kernels.pointee.add(
                target.pointer + row * x.width + range.lowerBound, run.outputGradient + row * range.count, range.count,
                1, true)
        }
    }
}
