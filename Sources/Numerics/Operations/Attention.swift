import CKernels

/// Which keys of its own sequence a query sees. Extra rows are seen by every query.
package enum AttentionMask: Equatable, Sendable {
    case none
    /// Query i sees key j if |i − j| ≤ width (Beltagy et al. 2020, section 3.1).
    case window(Int)
    /// Query i sees key j if j ≤ i, and with a window only its own and so many before it.
    case causal(window: Int?)

    /// How many keys before and after its own a query sees at most; nil: all.
    var reach: (before: Int?, after: Int?) {
        switch self {
        case .none: (nil, nil)
        case .window(let width): (width, width)
        case .causal(let window): (window, 0)
        }
    }
}

/// Scaled dot-product attention within each sequence (Vaswani et al. 2017, eq. 1), all heads.
///
/// q: [tokens or sequences, width]; where q has one row a sequence it is the sequence's first token's. k, v: [tokens, key
/// width]; there may be fewer heads of keys than of queries, each read by as many neighbors (Ainslie et al. 2023). `extra`: keys
/// and values that stand before each sequence's own, [sequences, rows · key width] each (prefixes). y as q. Dropout acts on
/// the probabilities. Differentiable in q, k, v and the extra rows.
///
/// Where the batch has tokens before its own (`PackedBatch.past`), queries see the keys of those, too, and the keys and
/// values of the batch's are kept with them.
package final class Attention: Operation {
    private let q: Value
    private let k: Value
    private let v: Value
    private let extra: (keys: Value, values: Value, rows: Int)?
    private let heads: Int
    private let keyHeads: Int
    /// Of the batch's `KeyValues`; nil: a layer that never has tokens before the batch's.
    private let layer: Int?
    private let mask: AttentionMask
    private let dropout: DropoutSite
    package let output: Value

    /// - Parameters:
    ///   - keyHeads: a divisor of `heads`; nil: as many.
    ///   - layer: in a batch's `KeyValues`
    package init(
        q: Value, k: Value, v: Value, extra: (keys: Value, values: Value, rows: Int)? = nil, heads: Int,
        keyHeads: Int? = nil, mask: AttentionMask = .none, layer: Int? = nil, dropout: DropoutSite,
        in builder: PlanBuilder
    ) {
        let keyHeads = keyHeads ?? heads
        precondition(
            keyHeads > 0 && heads % keyHeads == 0 && q.width % heads == 0
                && k.width == q.width / heads * keyHeads && v.width == k.width,
            "attention of widths \(q.width), \(k.width), \(v.width) with \(heads) heads, \(keyHeads) of keys")
        precondition(
            k.rows == .tokens && v.rows == .tokens && (q.rows == .tokens || q.rows == .sequences),
            "attention of \(q.rows) over \(k.rows) and \(v.rows)")
        let reach = mask.reach
        precondition((reach.before ?? 0) >= 0 && (reach.after ?? 0) >= 0, "an attention window of \(reach)")
        if let extra {
            precondition(
                extra.rows > 0 && extra.keys.width == extra.rows * k.width && extra.values.width == extra.keys.width,
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
        self.keyHeads = keyHeads
        self.layer = layer
        self.mask = mask
        self.dropout = dropout
        output = builder.value(q.rows, q.width)
    }

    package var inputs: [Value] { [q, k, v] + (extra.map { [$0.keys, $0.values] } ?? []) }
    package var readInBackward: [Value] { inputs }
    package var drops: Bool { dropout.rate > 0 }
    package var computation: Computation? {
        let reach = [mask.reach.before, mask.reach.after].map { $0.map(Double.init) ?? -1 }
        return Computation(
            self, [q, k, v, extra?.keys, extra?.values],
            numbers: [Double(extra?.rows ?? 0), Double(heads), Double(keyHeads)] + reach + dropout.numbers)
    }

    /// A sequence's tokens in the batch, and those before them.
    private struct Length {
        let own: Int
        let past: Int
        var keys: Int { past + own }
    }

    private func length(_ batch: PackedBatch, _ sequence: Int) -> Length {
        Length(
            own: batch.offsets[sequence + 1] - batch.offsets[sequence],
            past: layer == nil ? 0 : batch.past?[sequence].count ?? 0)
    }

    /// The shape of the kernel's work on a sequence, with nothing to read or write.
    private func shape(_ length: Length) -> amalgam_attention {
        var attention = amalgam_attention()
        attention.queries = q.rows == .tokens ? length.own : 1
        attention.keys = length.keys
        attention.offset = length.past
        attention.extra = extra?.rows ?? 0
        attention.heads = heads
        attention.key_heads = keyHeads
        attention.head = q.width / heads
        attention.count = heads
        attention.before = mask.reach.before ?? .max
        attention.after = mask.reach.after ?? .max
        attention.scale = 1 / Float(attention.head).squareRoot()
        return attention
    }

    private func keptFloats(_ attention: amalgam_attention) -> Int {
        withUnsafePointer(to: attention) { heads * amalgam_attention_kept($0) }
    }

    /// What each head of each sequence keeps from forward to backward, heads side by side.
    package func privateFloats(_ run: SliceRun) -> Int {
        guard run.runsBackward else { return 0 }
        return run.slice.sequences.reduce(0) { $0 + keptFloats(shape(length(run.batch, $1))) }
    }

    /// Scores of one head of a sequence, those that the mask hides left out.
    private func scores(_ length: Length) -> Int {
        let (keys, queries) = (length.keys, q.rows == .tokens ? length.own : 1)
        let reach = mask.reach
        // Keys at the ends that the first and the last queries see less of
        func all(_ width: Int?) -> Int { min(width ?? keys, keys - 1) }
        let (before, after) = (all(reach.before), all(reach.after))
        func seen(_ query: Int) -> Int { min(query, before) + 1 + min(keys - 1 - query, after) }
        if before == keys - 1, after == keys - 1 { return queries * (keys + (extra?.rows ?? 0)) }
        return (length.past..<length.past + queries).reduce(queries * (extra?.rows ?? 0)) { $0 + seen($1) }
    }

    /// Scores and mixing forward; backward one product for each of q and k, and for v its own and the probabilities'.
    package func multiplyAdds(_ batch: PackedBatch, inputGradients: [Bool], trains: Bool) -> Double {
        let pairs = (0..<batch.count).reduce(0.0) { $0 + Double(scores(length(batch, $1))) }
        let backward = inputGradients.prefix(3).filter { $0 }.count
        return pairs * Double(q.width * (2 + (backward > 0 ? backward + 1 : 0)))
    }

    /// Each head of the keys of each sequence reads and writes columns of its own.
    package func shares(_ run: SliceRun, backward: Bool) -> Int { keyHeads * run.slice.sequences.count }

    /// The heads of each sequence's keys that belong to the run's share: shares have about equally many scores.
    private func keyHeads(_ run: SliceRun, _ lengths: [Length]) -> [Range<Int>] {
        guard let share = run.share else { return lengths.map { _ in 0..<keyHeads } }
        let costs = lengths.map { scores($0) }
        let total = 2 * keyHeads * costs.reduce(0, +)
        var before = 0
        return costs.map { cost in
            // The share in which the middle of a head's work lies
            func owner(_ head: Int) -> Int { (before + (2 * head + 1) * cost) * share.of / total }
            let first = (0..<keyHeads).first { owner($0) >= share.index } ?? keyHeads
            let last = (first..<keyHeads).first { owner($0) > share.index } ?? keyHeads
            before += 2 * keyHeads * cost
            return first..<last
        }
    }

    /// Calls `body` for each sequence of the run with the kernel's work on it, and the offsets of its query rows, its key
    /// rows and its extra rows in the slice's values.
    private func forEachSequence(
        _ run: SliceRun,
        _ body: (_ attention: inout amalgam_attention, _ query: Int, _ key: Int, _ extra: Int) -> Void
    ) {
        let lengths = run.slice.sequences.map { length(run.batch, $0) }
        let scratch = run.scratch(
            lengths.reduce(0) { most, length in
                withUnsafePointer(to: shape(length)) { max(most, amalgam_attention_scratch($0)) }
            })
        let shown = keyHeads(run, lengths)
        let (width, keyWidth, group) = (q.width, k.width, heads / keyHeads)
        let extraRows = extra?.rows ?? 0
        var own = run.runsBackward ? Optional(run.own) : nil
        run.withIdentities(q.rows) { identities in
            for (index, (sequence, length)) in zip(run.slice.sequences, lengths).enumerated() {
                let key = run.batch.offsets[sequence] - run.slice.tokens.lowerBound
                let query = q.rows == .tokens ? key : index
                var attention = shape(length)
                attention.first = shown[index].lowerBound * group
                attention.count = shown[index].count * group
                attention.q = UnsafePointer(run.values(q) + query * width)
                attention.k = UnsafePointer(run.values(k) + key * keyWidth)
                attention.v = UnsafePointer(run.values(v) + key * keyWidth)
                if let extra {
                    attention.extra_k = UnsafePointer(run.values(extra.keys) + index * extraRows * keyWidth)
                    attention.extra_v = UnsafePointer(run.values(extra.values) + index * extraRows * keyWidth)
                }
                attention.identities = identities + query
                attention.dropout = dropout.kernel(stepKey: run.stepKey)
                attention.kept = own
                attention.scratch = scratch
                own = own.map { $0 + keptFloats(attention) }
                guard attention.count > 0 else { continue }
                if let layer, let past = run.batch.past?[sequence] {
                    keep(&attention, in: past, layer, length, shown[index])
                }
                body(&attention, query * width, key * keyWidth, index * extraRows * keyWidth)
            }
        }
    }

    /// Puts some heads' keys and values behind those of the tokens before, and lets the kernel read them there.
    private func keep(
        _ attention: inout amalgam_attention, in past: KeyValues, _ layer: Int, _ length: Length, _ shown: Range<Int>
    ) {
        precondition(
            past.width == k.width && length.keys <= past.capacity && layer < past.layers,
            "\(length.keys) tokens of \(k.width) columns in room for \(past.capacity) of \(past.width)")
        let head = q.width / heads
        let (keys, values) = (past.keys(layer), past.values(layer))
        for row in 0..<length.own {
            let to = (length.past + row) * k.width + shown.lowerBound * head
            let from = row * k.width + shown.lowerBound * head
            (keys + to).update(from: attention.k + from, count: shown.count * head)
            (values + to).update(from: attention.v + from, count: shown.count * head)
        }
        attention.k = UnsafePointer(keys)
        attention.v = UnsafePointer(values)
    }

    package func forward(_ run: SliceRun) {
        forEachSequence(run) { attention, query, _, _ in
            run.kernels.pointee.attend(&attention, run.values(output) + query)
        }
    }

    package func backward(_ run: SliceRun) {
        precondition(run.batch.past == nil, "no gradient reaches tokens before the batch's")
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
