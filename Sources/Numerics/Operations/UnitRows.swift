/// y[r] = x[r] / max(‖x[r]‖, 10⁻¹²): rows of length 1, whose products are cosines. x, y: [rows, width].
package final class UnitRows: Operation {
    private let x: Value
    package let output: Value

    /// Shorter rows are not made longer (as `torch.nn.functional.normalize`).
    private static let shortest = 1e-12

    package init(_ x: Value, in builder: PlanBuilder) {
        self.x = x
        output = builder.value(x.rows, x.width)
    }

    package var inputs: [Value] { [x] }
    package var rowCut: RowCut { .own }
    package var readInBackward: [Value] { [x] }

    private func length(_ row: UnsafePointer<Float>, _ run: SliceRun) -> Double {
        max(run.kernels.pointee.sum_of_squares(row, x.width).squareRoot(), Self.shortest)
    }

    package func forward(_ run: SliceRun) {
        let (from, to, width) = (run.values(x), run.values(output), x.width)
        for row in 0..<run.rows(x) {
            let scale = Float(1 / length(from + row * width, run))
            for c in row * width..<(row + 1) * width { to[c] = from[c] * scale }
        }
    }

    /// dx = (dy − y (y · dy)) / ‖x‖
    package func backward(_ run: SliceRun) {
        guard let target = run.gradient(0) else { return }
        let (from, dy, width) = (run.values(x), run.outputGradient, x.width)
        for row in 0..<run.rows(x) {
            let scale = 1 / length(from + row * width, run)
            let places = row * width..<(row + 1) * width
            let along = places.reduce(0.0) { $0 + Double(from[$1]) * scale * Double(dy[$1]) }
            for c in places {
                let own = Float((Double(dy[c]) - Double(from[c]) * scale * along) * scale)
                target.pointer[c] = target.adds ? target.pointer[c] + own : own
            }
        }
    }
}
