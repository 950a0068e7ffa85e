import CKernels

/// Which keys of its own sequence a query sees. Extra rows are seen by every query.
package enum AttentionMask: Equatable, Sendable {
    case none
    /// Query i sees key j if |i − j| ≤ width (Beltagy et al. 2020, section 3.1).
    case window(Int)
}

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
    private let mask: AttentionMask
    private let dropout: DropoutSite
    package let output: Value

    package init(
        q: Value, k: Value, v: Value, extra: (keys: Value, values: Value, rows: Int)? = nil, heads: Int,
        mask: AttentionMask = .none, dropout: DropoutSite, in builder: PlanBuilder
    ) {
        precondition(
            k.width == q.width && v.width == q.width && heads > 0 && q.width % heads == 0,
            "attention of widths \(q.width), \(k.width), \(v.width) with \(heads) heads")
        precondition(
            k.rows == .tokens && v.rows == .tokens && (q.rows == .tokens || q.rows == .sequences),
            "attention of \(q.rows) over \(k.rows) and \(v.rows)")
        if case .window(let width) = mask { precondition(width >= 0, "an attention window of \(width)") }
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
        self.mask = mask
        self.dropout = dropout
        output = builder.value(q.rows, q.width)
    }

    package var inputs: [Value] { [q, k, v] + (extra.map { [$0.keys, $0.values] } ?? []) }
    package var readInBackward: [Value] { inputs }
    package var drops: Bool { dropout.rate > 0 }
    package var computation: Computation? {
        var window = -1.0
        if case .window(let width) = mask { window = Double(width) }
        return Computation(
            self, [q, k, v, extra?.keys, extra?.values],
            numbers: [Double(extra?.rows ?? 0), Double(heads), window] + dropout.numbers)
    }

    private func length(_ run: SliceRun, _ sequence: Int) -> Int {
        run.batch.offsets[sequence + 1] - run.batch.offsets[sequence]
    }

    /// The shape of the kernel's work on a sequence, with nothing to read or write.
    private func shape(keys: Int) -> amalgam_attention {
        var attention = amalgam_attention()
        attention.queries = q.rows == .tokens ? keys : 1
        attention.keys = keys
        attention.extra = extra?.rows ?? 0
        attention.heads = heads
        attention.head = q.width / heads
        attention.count = heads
        if case .window(let width) = mask { attention.window = width } else { attention.window = .max }
        attention.scale = 1 / Float(attention.head).squareRoot()
        return attention
    }

    private func keptFloats(_ attention: amalgam_attention) -> Int {
        withUnsafePointer(to: attention) { heads * amalgam_attention_kept($0) }
    }

    /// What each head of each sequence keeps from forward to backward, heads side by side.
    package func privateFloats(_ run: SliceRun) -> Int {
        guard run.runsBackward else { return 0 }
        return run.slice.sequences.reduce(0) { $0 + keptFloats(shape(keys: length(run, $1))) }
    }

    /// Scores of one head of a sequence, those that the mask hides left out.
    private func scores(keys: Int) -> Int {
        let extra = extra?.rows ?? 0
        guard case .window(let width) = mask, width < keys - 1 else {
            return (q.rows == .tokens ? keys : 1) * (keys + extra)
        }
        guard q.rows == .tokens else { return width + 1 + extra }
        return keys * (2 * width + 1 + extra) - width * (width + 1)
    }

    /// Scores and mixing forward; backward one product for each of q and k, and for v its own and the probabilities'.
    package func multiplyAdds(_ batch: PackedBatch, inputGradients: [Bool], trains: Bool) -> Double {
        let pairs = (0..<batch.count).reduce(0.0) { sum, sequence in
            sum + Double(scores(keys: batch.offsets[sequence + 1] - batch.offsets[sequence]))
        }
        let backward = inputGradients.prefix(3).filter { $0 }.count
        return pairs * Double(q.width * (2 + (backward > 0 ? backward + 1 : 0)))
    }

    /// Each head of each sequence reads and writes columns of its own.
    package func shares(_ run: SliceRun, backward: Bool) -> Int { heads * run.slice.sequences.count }

    /// The heads of each sequence that belong to the run's share: shares have about equally many scores.
    private func heads(_ run: SliceRun, lengths: [Int]) -> [Range<Int>] {
        guard let share = run.share else { return lengths.map { _ in 0..<heads } }
        let costs = lengths.map { scores(keys: $0) }
        let total = 2 * heads * costs.reduce(0, +)
        var before = 0
        return costs.map { cost in
            // The share in which the middle of a head's work lies
            func owner(_ head: Int) -> Int { (before + (2 * head + 1) * cost) * share.of / total }
            let first = (0..<heads).first { owner($0) >= share.index } ?? heads
            let last = (first..<heads).first { owner($0) > share.index } ?? heads
            before += 2 * heads * cost
            return first..<last
        }
    }

    /// Calls `body` for each sequence of the run with the kernel's work on it, and the offsets of its query rows, its key
    /// rows and its extra rows in the slice's values.
    private func forEachSequence(
        _ run: SliceRun,
        _ body: (_ attention: inout amalgam_attention, _ query: Int, _ key: Int, _ extra: Int) -> Void
    ) {
        let lengths = run.slice.sequences.map { length(run, $0) }
        let scratch = run.scratch(
            lengths.reduce(0) { most, keys in
                withUnsafePointer(to: shape(keys: keys)) { max(most, amalgam_attention_scratch($0)) }
            })
        let shown = heads(run, lengths: lengths)
        let width = q.width
        let extraRows = extra?.rows ?? 0
        var own = run.runsBackward ? Optional(run.own) : nil
        run.withIdentities(q.rows) { identities in
            for (index, (sequence, keys)) in zip(run.slice.sequences, lengths).enumerated() {
                let key = run.batch.offsets[sequence] - run.slice.tokens.lowerBound
                let query = q.rows == .tokens ? key : index
                var attention = shape(keys: keys)
                attention.first = shown[index].lowerBound
                attention.count = shown[index].count
                attention.q = UnsafePointer(run.values(q) + query * width)
                attention.k = UnsafePointer(run.values(k) + key * width)
                attention.v = UnsafePointer(run.values(v) + key * width)
                if let extra {
                    attention.extra_k = UnsafePointer(run.values(extra.keys) + index * extraRows * width)
                    attention.extra_v = UnsafePointer(run.values(extra.values) + index * extraRows * width)
                }
                attention.identities = identities + query
                attention.dropout = dropout.kernel(stepKey: run.stepKey)
                attention.kept = own
                attention.scratch = scratch
                own = own.map { $0 + keptFloats(attention) }
                guard attention.count > 0 else { continue }
                body(&attention, query * width, key * width, index * extraRows * width)
            }
        }
    }

    package func forward(_ run: SliceRun) {
        forEachSequence(run) { attention, query, _, _ in
            run.kernels.pointee.attend(&attention, run.values(output) + query)
        }
    }

    package func backward(_ run: SliceRun) {
        let targets = inputs.indices.map { run.gradient($0) }
        precondition(targets.allSatisfy { $0?.adds != true }, "attention writes its inputs' gradients")
        forEachSequence(run) { attention, query, key, extraOffset in
            var gradients = amalgam_attention_gradients()
            gradients.dy = UnsafePointer(run.outputGradient + query)
            gradients.dq = targets[0].map { $0.pointer + query }
            gradients.dk = targets[1].map { $0.pointer + key }
            gradients.dv = targets[2].map { $0.pointer + key }
            if extra != nil {
                gradients.dextra_k = targets[3].map { $0.pointer + extraOffset }
                gradients.dextra_v = targets[4].map { $0.pointer + extraOffset }
            }
            run.kernels.pointee.attend_backward(&attention, &gradients)
        }
    }
}
