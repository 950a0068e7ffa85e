import CKernels

/// Scaled dot-product attention within each sequence (Vaswani et al. 2017, eq. 1), all heads.
///
/// q: [tokens or sequences, width]; where q has one row a sequence it is the sequence's first token's. k, v: [tokens,
/// width]. `extra`: keys and values that stand before each sequence's own, [sequences, rows · width] each (prefixes).
/// y as q. Dropout acts on the probabilities. Differentiable in q, k, v and the extra rows.
package final class Attention: Operation {
    private let q: Value
    private let k: Value
    private let v: Value
    private let extra: (keys: Value, values: Value, rows: Int)?
    private let heads: Int
    private let dropout: DropoutSite
    package let output: Value

    package init(
        q: Value, k: Value, v: Value, extra: (keys: Value, values: Value, rows: Int)? = nil, heads: Int,
        dropout: DropoutSite, in builder: PlanBuilder
    ) {
        precondition(
            k.width == q.width && v.width == q.width && heads > 0 && q.width % heads == 0,
            "attention of widths \(q.width), \(k.width), \(v.width) with \(heads) heads")
        precondition(
            k.rows == .tokens && v.rows == .tokens && (q.rows == .tokens || q.rows == .sequences),
            "attention of \(q.rows) over \(k.rows) and \(v.rows)")
        if let extra {
            precondition(
                extra.rows > 0 && extra.keys.width == extra.rows * q.width && extra.values.width == extra.keys.width,
                "\(extra.rows) extra rows of widths \(extra.keys.width) and \(extra.values.width)")
            precondition(
                extra.keys.rows == .sequences && extra.values.rows == .sequences,
                "extra keys of \(extra.keys.rows) and values of \(extra.values.rows)")
        }
        self.q = q
        self.k = k
        self.v = v
        self.extra = extra
        self.heads = heads
        self.dropout = dropout
        output = builder.value(q.rows, q.width)
    }

    package var inputs: [Value] { [q, k, v] + (extra.map { [$0.keys, $0.values] } ?? []) }
    package var readInBackward: [Value] { inputs }

    /// The probabilities, [heads, queries, keys] a sequence, rows filled up to whole vectors.
    package func privateFloats(_ run: SliceRun) -> Int {
        guard run.runsBackward else { return 0 }
        return run.slice.sequences.reduce(0) { $0 + probabilities(run, $1) }
    }

    /// Scores and mixing forward; backward one product for each of q and k, and for v its own and the probabilities'.
    package func multiplyAdds(_ batch: PackedBatch, inputGradients: [Bool], trains: Bool) -> Double {
        let pairs = (0..<batch.count).reduce(0.0) { sum, sequence in
            let length = batch.offsets[sequence + 1] - batch.offsets[sequence]
            return sum + Double((q.rows == .tokens ? length : 1) * (length + (extra?.rows ?? 0)))
        }
        let backward = inputGradients.prefix(3).filter { $0 }.count
        return pairs * Double(q.width * (2 + (backward > 0 ? backward + 1 : 0)))
    }

    private func length(_ run: SliceRun, _ sequence: Int) -> Int {
        run.batch.offsets[sequence + 1] - run.batch.offsets[sequence]
    }

    private func probabilities(_ run: SliceRun, _ sequence: Int) -> Int {
        let length = length(run, sequence)
        return heads * (q.rows == .tokens ? length : 1) * padded(length)
    }

    private func padded(_ keys: Int) -> Int { (keys + (extra?.rows ?? 0) + 15) / 16 * 16 }

    /// Calls `body` for each sequence with its first query row and first key row in the slice, and their counts.
    private func forEachSequence(
        _ run: SliceRun, _ body: (_ index: Int, _ query: Int, _ queries: Int, _ key: Int, _ keys: Int) -> Void
    ) {
        for sequence in run.slice.sequences {
            let key = run.batch.offsets[sequence] - run.slice.tokens.lowerBound
            let keys = length(run, sequence)
            let index = sequence - run.slice.sequences.lowerBound
            if q.rows == .tokens {
                body(index, key, keys, key, keys)
            } else {
                body(index, index, 1, key, keys)
            }
        }
    }

    private func scratch(_ run: SliceRun) -> UnsafeMutablePointer<Float> {
        let longest = run.slice.sequences.reduce(0) { max($0, length(run, $1)) }
        return run.scratch(
            amalgam_attention_scratch(
                q.rows == .tokens ? longest : 1, longest + (extra?.rows ?? 0), heads, q.width))
    }

    package func forward(_ run: SliceRun) {
        let scratch = scratch(run)
        let width = q.width
        var p = run.runsBackward ? Optional(run.own) : nil
        let extraRows = extra?.rows ?? 0
        let (extraK, extraV) = (extra.map { run.values($0.keys) }, extra.map { run.values($0.values) })
        run.withIdentities(q.rows) { identities in
            forEachSequence(run) { index, query, queries, key, keys in
                run.kernels.pointee.attend(
                    run.values(output) + query * width, p, run.values(q) + query * width, run.values(k) + key * width,
                    run.values(v) + key * width, extraK.map { $0 + index * extraRows * width },
                    extraV.map { $0 + index * extraRows * width }, queries, keys, extraRows, heads, width,
                    identities + query, dropout.kernel(stepKey: run.stepKey), scratch)
                p = p.map { $0 + heads * queries * padded(keys) }
            }
        }
    }

    package func backward(_ run: SliceRun) {
        let scratch = scratch(run)
        let width = q.width
        var p = UnsafePointer(run.own)
        let targets = inputs.indices.map { run.gradient($0) }
        precondition(targets.allSatisfy { $0?.adds != true }, "attention writes its inputs' gradients")
        let extraRows = extra?.rows ?? 0
        let (extraK, extraV) = (extra.map { run.values($0.keys) }, extra.map { run.values($0.values) })
        run.withIdentities(q.rows) { identities in
            forEachSequence(run) { index, query, queries, key, keys in
                let offset = index * extraRows * width
                run.kernels.pointee.attend_backward(
                    targets[0].map { $0.pointer + query * width }, targets[1].map { $0.pointer + key * width },
                    targets[2].map { $0.pointer + key * width },
                    extra == nil ? nil : targets[3].map { $0.pointer + offset },
                    extra == nil ? nil : targets[4].map { $0.pointer + offset },
                    run.outputGradient + query * width, p, run.values(q) + query * width, run.values(k) + key * width,
                    run.values(v) + key * width, extraK.map { $0 + offset }, extraV.map { $0 + offset }, queries, keys,
                    extraRows, heads, width, identities + query, dropout.kernel(stepKey: run.stepKey), scratch)
                p += heads * queries * padded(keys)
            }
        }
    }
}
