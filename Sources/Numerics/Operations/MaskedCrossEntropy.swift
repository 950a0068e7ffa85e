import CKernels

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// loss[m] = −log softmax(x[m] Eᵀ + b)[target of m], one raw loss for each marked token.
///
/// x: [marked tokens, width]; E: the rows of an embedding [vocabulary, width] that belong to some tokens of the vocabulary;
/// b: [vocabulary], may be absent; y: [marked tokens, 1] (masked language modeling, Devlin et al. 2019, section 3.1, with tied
/// embeddings; or the next token, by a decoder's output layer). The softmax runs over these tokens only. Targets are token ids; a row without one (−1) has loss 0.
/// Differentiable in x and b.
package final class MaskedCrossEntropy: Operation {
    private let x: Value
    private let head: Int
    private let bias: Operand?
    private let table: TokenTable
    private var forwardSide: RightSide?
    private var backwardSide: RightSide?
    package let output: Value

    /// The embedding's rows of some tokens, side by side: shared by the plans of a run.
    package final class TokenTable: Sendable {
        /// Ascending ids.
        package let tokens: [Int32]
        let weight: Weight
        /// Index in `tokens` of each id of the vocabulary, −1 where it is not among them.
        let index: [Int32]

        /// - Parameter embedding: [vocabulary, width].
        package init(_ tokens: [Int32], of embedding: Weight) {
            let (vocabulary, width) = (embedding.shape[0], embedding.shape[1])
            self.tokens = Array(Set(tokens.filter { (0..<vocabulary).contains(Int($0)) })).sorted()
            var index = [Int32](repeating: -1, count: vocabulary)
            let rows = AlignedBuffer(count: max(1, self.tokens.count) * width)
            for (i, token) in self.tokens.enumerated() {
                index[Int(token)] = Int32(i)
                embedding.copy(rows: Int(token)..<Int(token) + 1, to: rows.floats + i * width)
            }
            self.index = index
            weight = Weight(floats: rows.floats, shape: [self.tokens.count, width], owner: rows)
            embedding.releaseAfterReading()
        }

        /// The whole vocabulary: nothing is copied.
        package init(all embedding: Weight) {
            tokens = (0..<Int32(embedding.shape[0])).map { $0 }
            index = tokens
            weight = embedding
        }

        /// x Eᵀ + b, [rows, tokens of the table].
        func logits(
            _ rows: UnsafePointer<Float>, _ count: Int, _ side: RightSide, _ bias: Operand?,
            into out: UnsafeMutablePointer<Float>, scratch: (Int) -> UnsafeMutablePointer<Float>
        ) {
            Products.multiply(rows, rows: count, side, into: out, scratch: scratch)
            guard let bias else { return }
            for i in 0..<count {
                for (c, token) in tokens.enumerated() { out[i * tokens.count + c] += bias.floats[Int(token)] }
            }
        }

        package func contains(_ token: Int32) -> Bool { index.indices.contains(Int(token)) && index[Int(token)] >= 0 }
    }

    /// - Parameters:
    ///   - head: whose targets in the batch it reads.
    ///   - bias: [vocabulary]; nil: none.
    package init(_ x: Value, head: Int, _ table: TokenTable, bias: Operand?, in builder: PlanBuilder) {
        precondition(x.width == table.weight.shape[1], "rows of width \(x.width) for embeddings \(table.weight.shape)")
        bias?.require([table.index.count], "the bias of the masked-language head")
        self.x = x
        self.head = head
        self.table = table
        self.bias = bias
        output = builder.value(x.rows, 1)
    }

    package var inputs: [Value] { [x] }
    package var rowCut: RowCut { .own }
    package var parameters: [Parameter] { bias?.parameter.map { [$0] } ?? [] }
    package var readForParameters: [Value] { bias?.isTrainable == true ? [x] : [] }
    private var classes: Int { table.tokens.count }

    package func rightSides(differentiates: Bool) -> [RightSide] {
        // Rounding a softmax over thousands of tokens to bfloat16 would be seen in the loss, and saves little here
        forwardSide = Operand.frozen(table.weight).side(transposed: true, precision: .float32)
        if differentiates { backwardSide = Operand.frozen(table.weight).side(transposed: false, precision: .float32) }
        return []
    }

    package func multiplyAdds(_ batch: PackedBatch, inputGradients: [Bool], trains: Bool) -> Double {
        let products = 1 + (inputGradients.first == true ? 1 : 0) + (trains && bias?.isTrainable == true ? 1 : 0)
        return Double(batch.rows(x.rows) * x.width * classes * products)
    }

    /// The table's index of each row's target, −1 where it is missing.
    private func targets(_ batch: PackedBatch, _ range: Range<Int>) -> [Int] {
        guard case .classes(let ids)? = batch.targets[head]?.values else {
            return [Int](repeating: -1, count: range.count)
        }
        return range.map { ids[$0] < 0 ? -1 : Int(table.index[Int(ids[$0])]) }
    }

    /// The softmax lives until the backward.
    package var privateWidth: Int { classes }

    package func forward(_ run: SliceRun) {
        let rows = run.rows(x)
        guard rows > 0, let forwardSide else { return }
        let loss = run.values(output)
        let targets = targets(run.batch, run.range(x))
        guard targets.contains(where: { $0 >= 0 }) else { return loss.update(repeating: 0, count: rows) }
        table.logits(run.values(x), rows, forwardSide, bias, into: run.own) { run.scratch($0) }
        for (row, target) in targets.enumerated() {
            let own = run.own + row * classes
            loss[row] = target < 0 ? 0 : Float(softmax(own, target, run.kernels))
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
        guard let gradient = run.gradient(0), let backwardSide else { return }
        let (rows, dy, own) = (run.rows(x), run.outputGradient, run.own)
        guard rows > 0 else { return }
        for (row, target) in targets(run.batch, run.range(x)).enumerated() {
            let probabilities = own + row * classes
            guard target >= 0 else {
                probabilities.update(repeating: 0, count: classes)
                continue
            }
            probabilities[target] -= 1
            run.kernels.pointee.add(probabilities, probabilities, classes, dy[row], false)
        }
        Products.multiply(
            own, rows: rows, backwardSide, into: gradient.pointer,
            residual: gradient.adds ? UnsafePointer(gradient.pointer) : nil
        ) { run.scratch($0) }
    }

    /// The gradient of the bias, once more from the logits: keeping them for a group of slices would take more memory than
    /// the rest of the work.
    package func accumulate(unit: Int, _ run: BatchRun) {
        guard let bias = bias?.parameter, let forwardSide else { return }
        run.begin(bias)
        let (x, dy) = (run.values(x), run.gradient(output))
        let targets = targets(run.batch, run.range(self.x))
        // Some rows at a time: the embedding is read once for all of them
        let block = min(24, targets.count)
        let out = AlignedBuffer(count: block * classes)
        let narrow = GrowingBuffer()
        for first in stride(from: 0, to: targets.count, by: max(block, 1)) {
            let count = min(block, targets.count - first)
            table.logits(x + first * self.x.width, count, forwardSide, self.bias, into: out.floats) {
                narrow.reserve($0)
            }
            for i in 0..<count where targets[first + i] >= 0 {
                let own = out.floats + i * classes
                run.kernels.pointee.softmax(own, classes)
                own[targets[first + i]] -= 1
                for (c, token) in table.tokens.enumerated() { bias.gradient[Int(token)] += dy[first + i] * own[c] }
            }
        }
    }
}
