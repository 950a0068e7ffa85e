import CKernels

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Cosines and sines of rotary position embeddings, for each position and pair of columns of a head.
///
/// Angles are float32 products of the position and θ^(−2i / head), as in `transformers`.
package final class RotaryTable: @unchecked Sendable {  // read-only after init
    package let positions: Int
    /// Columns of a head; even.
    package let head: Int
    let theta: Double
    /// [positions, head]: the cosines of a position, then its sines.
    let values: AlignedBuffer

    package init(positions: Int, head: Int, theta: Double) {
        precondition(head > 0 && head % 2 == 0, "rotary positions for a head of \(head) columns")
        self.positions = positions
        self.head = head
        self.theta = theta
        values = AlignedBuffer(count: positions * head)
        let half = head / 2
        let frequencies = (0..<half).map { 1 / Float(pow(theta, Double(Float(2 * $0) / Float(head)))) }
        for position in 0..<positions {
            let row = values.floats + position * head
            for i in 0..<half {
                let angle = Double(Float(position) * frequencies[i])
                row[i] = Float(cos(angle))
                row[half + i] = Float(sin(angle))
            }
        }
    }
}

/// Rotary position embedding of queries or keys (Su et al. 2021, eq. 34): in each head, columns i and i + head/2 are turned
/// by the angle position · θ^(−2i / head).
///
/// x, y: [tokens, heads · head]. Differentiable in x.
package final class Rotary: Operation {
    private let x: Value
    private let table: RotaryTable
    package let output: Value

    package init(_ x: Value, _ table: RotaryTable, in builder: PlanBuilder) {
        precondition(x.rows == .tokens, "rotary positions of \(x.rows)")
        precondition(x.width % table.head == 0, "heads of \(table.head) columns in a width of \(x.width)")
        self.x = x
        self.table = table
        output = builder.value(x.rows, x.width)
    }

    package var inputs: [Value] { [x] }
    package var rowCut: RowCut { .own }
    package var computation: Computation? {
        Computation(self, [x], numbers: [Double(table.positions), Double(table.head), table.theta])
    }

    package func forward(_ run: SliceRun) {
        turn(run, run.values(output), run.values(x), inverse: false, adds: false)
    }

    package func backward(_ run: SliceRun) {
        guard let target = run.gradient(0) else { return }
        turn(run, target.pointer, run.outputGradient, inverse: true, adds: target.adds)
    }

    private func turn(
        _ run: SliceRun, _ to: UnsafeMutablePointer<Float>, _ from: UnsafePointer<Float>, inverse: Bool, adds: Bool
    ) {
        let rows = run.range(x)
        run.batch.positions.withUnsafeBufferPointer { positions in
            guard let first = positions.baseAddress, run.batch.span <= table.positions else {
                preconditionFailure("a text of \(run.batch.span) tokens, longest is \(table.positions)")
            }
            run.kernels.pointee.rotate(
                to, from, table.values.floats, first + rows.lowerBound, rows.count, x.width / table.head, table.head,
                inverse, adds)
        }
    }
}
