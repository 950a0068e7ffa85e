import CKernels

/// y = 1 / ‖row of W + s Σ Bᵢ Aᵢ‖, where tensors are derived (`PlanBuilder.derive`); 0 for a row of zeros.
///
/// W: [rows, in], Aᵢ: [rankᵢ, in], Bᵢ: [rows, rankᵢ], y: [rows, 1]. No gradient flows into any of them.
///
/// No sum W + s B A is formed: ‖w + s u‖² = ‖w‖² + 2 s w·u + s² ‖u‖², with w·u from W Aᵀ and ‖u‖² from A Aᵀ. A frozen
/// W's own norms are computed once.
package final class InverseRowNorms: Operation {
    /// The factors of an update B A.
    package typealias Update = (down: Operand, up: Operand)

    private let weight: Operand
    private let updates: [Update]
    private let scale: Double
    /// ‖w‖² of a frozen W's rows.
    private let squares: [Double]?
    private var sides: [RightSide] = []
    package let output: Value

    package init(_ weight: Operand, updates: [Update], scale: Float, in builder: PlanBuilder) {
        guard let rows = builder.derivedRows, weight.shape.count == 2 else {
            preconditionFailure("the norms of a weight \(weight.shape) are computed only within a derivation")
        }
        weight.require([rows, weight.shape[1]], "the weight whose norms are computed")
        for (down, up) in updates {
            down.require([down.shape[0], weight.shape[1]], "the right factor of an update")
            up.require([rows, down.shape[0]], "the left factor of an update")
        }
        self.weight = weight
        self.updates = updates
        self.scale = Double(scale)
        squares = weight.isTrainable ? nil : (0..<rows).map { Self.square(weight, $0) }
        output = builder.value(.tokens, 1)
    }

    private static func square(_ weight: Operand, _ row: Int) -> Double {
        let width = weight.shape[1]
        var room: AlignedBuffer?
        let values = weight.rows(row..<row + 1) { count in
            let buffer = AlignedBuffer(count: count)
            room = buffer
            return buffer.floats
        }
        return withExtendedLifetime(room) { Products.kernels.pointee.sum_of_squares(values, width) }
    }

    package var inputs: [Value] { [] }
    package var rowCut: RowCut { .own }

    package func rightSides(differentiates: Bool) -> [RightSide] {
        sides = updates.map { $0.down.side(transposed: true, precision: .float32) }
        return zip(updates, sides).compactMap { $0.down.isTrainable ? $1 : nil }
    }

    package func multiplyAdds(_ batch: PackedBatch, inputGradients: [Bool], trains: Bool) -> Double {
        Double(batch.rows(output.rows) * weight.shape[1] * updates.reduce(0) { $0 + $1.down.shape[0] })
    }

    package func forward(_ run: SliceRun) {
        let (first, rows) = (run.range(output).lowerBound, run.rows(output))
        var sums = (first..<first + rows).map { squares?[$0] ?? Self.square(weight, $0) }
        // Not in the run's scratch, which the products ask for too
        let room = AlignedBuffer(count: weight.isInBlocks ? rows * weight.shape[1] : 0)
        let own = weight.rows(first..<first + rows) { _ in room.floats }
        for (i, (down, up)) in updates.enumerated() {
            let rank = down.shape[0]
            /// a · Aᵢᵀ
            func product(_ a: UnsafePointer<Float>, rows: Int) -> AlignedBuffer {
                let result = AlignedBuffer(count: rows * rank)
                Products.multiply(a, rows: rows, sides[i], into: result.floats, scratch: run.scratch)
                return result
            }
            let ownUp = up.floats + first * rank
            let crossed = withExtendedLifetime(room) { product(own, rows: rows) }
            for row in 0..<rows {
                for k in row * rank..<(row + 1) * rank {
                    sums[row] += 2 * scale * Double(ownUp[k]) * Double(crossed.floats[k])
                }
            }
            for (otherDown, otherUp) in updates {
                let otherRank = otherDown.shape[0]
                let gram = product(otherDown.floats, rows: otherRank)
                let other = otherUp.floats + first * otherRank
                for row in 0..<rows {
                    for l in 0..<otherRank {
                        var sum = 0.0
                        for k in 0..<rank { sum += Double(gram.floats[l * rank + k]) * Double(ownUp[row * rank + k]) }
                        sums[row] += scale * scale * sum * Double(other[row * otherRank + l])
                    }
                }
            }
        }
        let y = run.values(output)
        for row in 0..<rows { y[row] = sums[row] > 0 ? Float(1 / sums[row].squareRoot()) : 0 }
    }

    package func backward(_ run: SliceRun) {}
}
