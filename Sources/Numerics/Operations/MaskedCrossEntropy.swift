import CKernels

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// loss[t] = −log softmax(x[t] Eᵀ + b)[target of t] / targets of the batch, at tokens that have a target; 0 at others.
///
/// x: [tokens, width]; E: the rows of an embedding [vocabulary, width] that belong to some pieces; b: [vocabulary];
/// y: [tokens, 1], whose sum is the batch's mean loss (masked language modelling, Devlin et al. 2019, section 3.1, with
/// tied embeddings). The softmax runs over these pieces only, and products over the rows that have a target only.
/// Differentiable in x and b.
package final class MaskedCrossEntropy: Operation {
    private let x: Value
    private let bias: Operand
    private let table: PieceTable
    private var forwardSide: RightSide?
    private var backwardSide: RightSide?
    package let output: Value

    /// The embedding's rows of some pieces, side by side: shared by the plans of a run.
    package final class PieceTable: Sendable {
        /// Ascending.
        package let pieces: [Int32]
        let weight: Weight
        /// Index in `pieces` of each piece of the vocabulary, −1 where it is not among them.
        let index: [Int32]

        /// - Parameter embedding: [vocabulary, width].
        package init(_ pieces: [Int32], of embedding: Weight) {
            let (vocabulary, width) = (embedding.shape[0], embedding.shape[1])
            self.pieces = Array(Set(pieces.filter { (0..<vocabulary).contains(Int($0)) })).sorted()
            var index = [Int32](repeating: -1, count: vocabulary)
            let rows = AlignedBuffer(count: max(1, self.pieces.count) * width)
            for (i, piece) in self.pieces.enumerated() {
                index[Int(piece)] = Int32(i)
                (rows.floats + i * width).update(from: embedding.floats + Int(piece) * width, count: width)
            }
            self.index = index
            weight = Weight(floats: rows.floats, shape: [self.pieces.count, width], owner: rows)
            embedding.releaseAfterReading()
        }

        package func contains(_ piece: Int32) -> Bool { index.indices.contains(Int(piece)) && index[Int(piece)] >= 0 }
    }

    /// - Parameter bias: [vocabulary].
    package init(_ x: Value, _ table: PieceTable, bias: Operand, in builder: PlanBuilder) {
        precondition(x.rows == .tokens && x.width == table.weight.shape[1])
        bias.require([table.index.count], "the bias of the masked-language head")
        self.x = x
        self.table = table
        self.bias = bias
        output = builder.value(.tokens, 1)
    }

    package var inputs: [Value] { [x] }
    package var parameters: [Parameter] { bias.parameter.map { [$0] } ?? [] }
    package var readForParameters: [Value] { bias.isTrainable ? [x] : [] }
    private var classes: Int { table.pieces.count }

    package func rightSides(differentiates: Bool) -> [RightSide] {
        // Rounding a softmax over thousands of pieces to bfloat16 would be seen in the loss, and saves little here
        forwardSide = Operand.frozen(table.weight).side(transposed: true, precision: .float32)
        if differentiates { backwardSide = Operand.frozen(table.weight).side(transposed: false, precision: .float32) }
        return []
    }

    package func multiplyAdds(_ batch: PackedBatch, inputGradients: [Bool], trains: Bool) -> Double {
        let products = 1 + (inputGradients.first == true ? 1 : 0) + (trains && bias.isTrainable ? 1 : 0)
        return Double(batch.targetCount * x.width * classes * products)
    }

    /// The slice's tokens with a target, counted from the slice's first.
    private func targets(_ run: SliceRun) -> [Int] {
        guard !run.batch.targets.isEmpty else { return [] }
        return run.slice.tokens.filter { run.batch.targets[$0] >= 0 }.map { $0 - run.slice.tokens.lowerBound }
    }

    /// The softmax's numbers live until the backward; then the gathered rows' room follows.
    package func privateFloats(_ run: SliceRun) -> Int { targets(run).count * (classes + x.width) }

    package func forward(_ run: SliceRun) {
        let rows = targets(run)
        let loss = run.values(output)
        loss.update(repeating: 0, count: run.rows(output))
        guard !rows.isEmpty, let forwardSide else { return }
        let probabilities = run.own
        let gathered = run.own + rows.count * classes
        for (i, row) in rows.enumerated() {
            (gathered + i * x.width).update(from: run.values(x) + row * x.width, count: x.width)
        }
        logits(gathered, rows.count, forwardSide, into: probabilities) { run.scratch($0) }
        let share = 1 / Double(run.batch.targetCount)
        for (i, row) in rows.enumerated() {
            let own = probabilities + i * classes
            let target = Int(table.index[Int(run.batch.targets[run.slice.tokens.lowerBound + row])])
            loss[row] = Float(softmax(own, target, run.kernels) * share)
        }
    }

    /// x Eᵀ + b, [rows, pieces].
    private func logits(
        _ rows: UnsafePointer<Float>, _ count: Int, _ side: RightSide, into out: UnsafeMutablePointer<Float>,
        scratch: (Int) -> UnsafeMutablePointer<Float>
    ) {
        Products.multiply(rows, rows: count, side, into: out, scratch: scratch)
        for i in 0..<count {
            for (c, piece) in table.pieces.enumerated() { out[i * classes + c] += bias.floats[Int(piece)] }
        }
    }

    /// In place; −log of the target's probability, from the logits: it may be smaller than any float.
    private func softmax(
        _ row: UnsafeMutablePointer<Float>, _ target: Int, _ kernels: UnsafePointer<amalgam_kernels>
    ) -> Double {
        var best = 0
        for c in 1..<max(classes, 1) where row[c] > row[best] { best = c }
        let (top, wanted) = (row[best], row[target])
        kernels.pointee.softmax(row, classes)
        return Double(top) - log(Double(row[best])) - Double(wanted)
    }

    package func backward(_ run: SliceRun) {
        guard let gradient = run.gradient(0) else { return }
        if !gradient.adds { gradient.pointer.update(repeating: 0, count: run.rows(x) * x.width) }
        let rows = targets(run)
        guard !rows.isEmpty, let backwardSide else { return }
        let share = 1 / Float(run.batch.targetCount)
        let probabilities = run.own
        let gathered = run.own + rows.count * classes
        for (i, row) in rows.enumerated() {
            let target = Int(table.index[Int(run.batch.targets[run.slice.tokens.lowerBound + row])])
            probabilities[i * classes + target] -= 1
        }
        Products.multiply(probabilities, rows: rows.count, backwardSide, into: gathered, scale: share) {
            run.scratch($0)
        }
        for (i, row) in rows.enumerated() {
            run.kernels.pointee.add(gradient.pointer + row * x.width, gathered + i * x.width, x.width, 1, true)
        }
    }

    /// The bias' gradient, once more from the logits: keeping them for a group of slices would take more memory than the
    /// rest of the work.
    package func accumulate(unit: Int, _ run: BatchRun) {
        guard let bias = bias.parameter, let forwardSide else { return }
        run.begin(bias)
        let share = 1 / Float(run.batch.targetCount)
        let rows = run.group.tokens.enumerated().filter { run.batch.targets[$0.element] >= 0 }
        // Some rows at a time: the embedding is read once for all of them
        let block = min(24, rows.count)
        let gathered = AlignedBuffer(count: block * x.width)
        let out = AlignedBuffer(count: block * classes)
        let narrow = GrowingBuffer()
        for first in stride(from: 0, to: rows.count, by: max(block, 1)) {
            let some = rows[first..<min(first + block, rows.count)]
            for (i, row) in some.enumerated() {
                (gathered.floats + i * x.width).update(from: run.values(x) + row.offset * x.width, count: x.width)
            }
            logits(gathered.floats, some.count, forwardSide, into: out.floats) { narrow.reserve($0) }
            for (i, row) in some.enumerated() {
                let own = out.floats + i * classes
                run.kernels.pointee.softmax(own, classes)
                own[Int(table.index[Int(run.batch.targets[row.element])])] -= 1
                for (c, piece) in table.pieces.enumerated() { bias.gradient[Int(piece)] += share * own[c] }
            }
        }
    }
}
