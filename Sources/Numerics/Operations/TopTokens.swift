import CKernels

/// The most probable tokens of a vocabulary for each row: softmax(x Eᵀ + b), the largest first, of equal ones that with the
/// smallest id.
///
/// x: [rows, width]; E: [vocabulary, width]; b: [vocabulary]; y: [rows, 2 · count]: ids and probabilities in turn. It is not
/// differentiable: `MaskedCrossEntropy` has the loss.
package final class TopTokens: Operation {
    private let x: Value
    private let table: MaskedCrossEntropy.TokenTable
    private let bias: Operand
    private let count: Int
    private var side: RightSide?
    package let output: Value

    /// Ids are exact in float32.
    package static let largestVocabulary = 1 << 24

    /// - Parameters:
    ///   - table: of all tokens that may be predicted.
    ///   - bias: [vocabulary]
    ///   - count: tokens of a row; where the table has fewer, the rest of the row has probability 0.
    package init(
        _ x: Value, _ table: MaskedCrossEntropy.TokenTable, bias: Operand, count: Int, in builder: PlanBuilder
    ) {
        self.x = x
        self.table = table
        self.bias = bias
        self.count = count
        output = builder.value(x.rows, 2 * count)
    }

    package var inputs: [Value] { [x] }
    package var rowCut: RowCut { .own }
    private var classes: Int { table.tokens.count }

    package func rightSides(differentiates: Bool) -> [RightSide] {
        side = Operand.frozen(table.weight).side(transposed: true, precision: .float32)
        return []
    }

    package func multiplyAdds(_ batch: PackedBatch, inputGradients: [Bool], trains: Bool) -> Double {
        Double(batch.rows(x.rows) * x.width * classes)
    }

    package var privateWidth: Int { classes }

    package func forward(_ run: SliceRun) {
        let rows = run.rows(x)
        guard rows > 0, let side else { return }
        let (logits, y) = (run.own, run.values(output))
        table.logits(run.values(x), rows, side, bias, into: logits) { run.scratch($0) }
        for row in 0..<rows {
            let own = logits + row * classes
            run.kernels.pointee.softmax(own, classes)
            let best = Self.largest(count, of: UnsafeBufferPointer(start: own, count: classes))
            for place in 0..<count {
                let found = place < best.count
                y[(row * count + place) * 2] = found ? Float(table.tokens[best[place]]) : 0
                y[(row * count + place) * 2 + 1] = found ? own[best[place]] : 0
            }
        }
    }

    /// Indices of the largest values, the largest first; of equal ones the first.
    private static func largest(_ count: Int, of values: UnsafeBufferPointer<Float>) -> [Int] {
        var best: [Int] = []
        for i in values.indices {
            if best.count == count, let last = best.last, values[i] <= values[last] { continue }
            let place = best.firstIndex { values[$0] < values[i] } ?? best.count
            best.insert(i, at: place)
            if best.count > count { best.removeLast() }
        }
        return best
    }

    /// Nothing flows back; whoever else reads the input adds to what stands there.
    package func backward(_ run: SliceRun) { _ = run.clearedGradients(inputs) }
}
