/// One sequence of a batch: random numbers are drawn by these numbers alone.
package struct SequenceRow: Sendable, Equatable {
    /// Stable number of the example within its task's data.
    package var example: UInt64
    /// Index of the task that it is from.
    package var task: Int

    package init(example: UInt64, task: Int = 0) {
        self.example = example
        self.task = task
    }

    /// A hash of (example, task), from which those of its tokens follow.
    var hash: UInt64 { Randomness.key(example, UInt64(task)) }

    /// A hash of (example, task, position): 64 bits, so that two tokens of a run practically never share one, whatever the
    /// length of the texts and the number of tasks.
    static func identity(_ hash: UInt64, _ position: Int) -> UInt64 {
        Randomness.mix(hash &+ UInt64(position) &* 0x9E37_79B9_7F4A_7C15)
    }
}

/// A run of whole sequences that one thread works on at a time.
package struct BatchSlice: Sendable, Equatable {
    package var tokens: Range<Int>
    package var sequences: Range<Int>
}

/// Sequences laid end to end, without padding: [tokens] ids with sequence offsets, and what each head is to predict.
package final class PackedBatch: Sendable {
    package let ids: [Int32]
    package let types: [Int32]
    /// Position of each token in its sequence.
    package let positions: [Int32]
    /// Number of positions that are in use: the length of the longest sequence, with those that virtual tokens take.
    package let span: Int
    /// [sequences + 1]
    package let offsets: [Int]
    package let rows: [SequenceRow]
    /// By the head's index.
    package let targets: [Int: HeadTargets]
    package let slices: [BatchSlice]
    /// Of each sequence, the tokens that stand before its own and are not computed again; nil: there are none.
    package let past: [KeyValues]?
    /// First sequence of each group, and the number of sequences at the end; nil: the batch has no groups.
    private let groupOffsets: [Int]?
    /// By the head's index: how many marked tokens stand before each token, [tokens + 1].
    private let marksBefore: [Int: [Int]]
    /// A hash of (example, task, position) for each token, for each sequence's first, and for the marked ones of a head.
    private let tokenIdentities: [UInt64]
    private let sequenceIdentities: [UInt64]
    private let markedIdentities: [Int: [UInt64]]

    /// Tokens a slice aims at: its activations stay in a core's cache (96 to 256 were tried: 3 % between them, and shorter
    /// slices need less memory).
    package static let sliceQuota = 128

    /// - Parameters:
    ///   - sequences: ids and type ids of equal length, at least one token each.
    ///   - targets: by the head's index; heads without an entry have no rows with targets.
    ///   - groups: numbers of neighbouring sequences that belong together; nil: no groups.
    ///   - virtual: rows that each sequence gets beside its tokens; marks count them.
    ///   - past: what stands before each sequence: its tokens' positions follow.
    package init(
        _ sequences: [(ids: [Int32], types: [Int32], row: SequenceRow)], targets: [Int: HeadTargets] = [:],
        groups: [Int]? = nil, virtual: VirtualTokens? = nil, past: [KeyValues]? = nil
    ) {
        precondition(past.map { $0.count == sequences.count } ?? true, "one past for each sequence")
        self.past = past
        var ids: [Int32] = []
        var types: [Int32] = []
        var positions: [Int32] = []
        var offsets = [0]
        var identities: [UInt64] = []
        ids.reserveCapacity(sequences.reduce(0) { $0 + $1.ids.count })
        for (index, sequence) in sequences.enumerated() {
            let before = past?[index].count ?? 0
            precondition(!sequence.ids.isEmpty && sequence.ids.count == sequence.types.count)
            let hash = sequence.row.hash
            func append(_ own: Range<Int>, after taken: Int = 0) {
                ids += sequence.ids[own]
                types += sequence.types[own]
                for position in own {
                    positions.append(Int32(before + position + taken))
                    identities.append(SequenceRow.identity(hash, before + position))
                }
            }
            let split = virtual?.start ?? 0
            append(0..<split)
            for i in 0..<(virtual?.count ?? 0) {
                ids.append(VirtualTokens.id(i))
                types.append(0)
                positions.append(virtual?.positions == 0 ? 0 : Int32(split + i))
                identities.append(SequenceRow.identity(hash, VirtualTokens.firstIdentity + i))
            }
            append(split..<sequence.ids.count, after: virtual?.positions ?? 0)
            offsets.append(ids.count)
        }
        self.ids = ids
        self.types = types
        self.positions = positions
        let lengths = sequences.indices.map { sequences[$0].ids.count + (past?[$0].count ?? 0) }
        span = (lengths.max() ?? 0) + (virtual?.positions ?? 0)
        self.offsets = offsets
        rows = sequences.map(\.row)
        self.targets = targets
        tokenIdentities = identities
        sequenceIdentities = offsets.dropLast().map { identities[$0] }
        marksBefore = targets.compactMapValues { $0.marks.map { Self.before($0, tokens: ids.count) } }
        markedIdentities = targets.compactMapValues { $0.marks.map { $0.map { identities[Int($0)] } } }
        for target in targets.values {
            precondition(
                target.values.rows == target.marks?.count ?? sequences.count,
                "\(target.values.rows) targets for \(target.marks?.count ?? sequences.count) rows")
        }
        groupOffsets = groups.map { $0.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1) } }
        precondition(groupOffsets.map { $0.last == sequences.count } ?? true, "groups of other sequences")
        slices = Self.cut(offsets, groups: groupOffsets, few: past != nil)
    }

    /// One class for each sequence, for one head; −1 where it is missing.
    package convenience init(
        _ sequences: [(ids: [Int32], types: [Int32], row: SequenceRow)], classes: [Int], head: Int = 0
    ) {
        self.init(sequences, targets: [head: HeadTargets(.classes(classes.map { Int32($0) }))])
    }

    /// Some of the sequences, in this order, without targets.
    package func sequences(_ indices: [Int]) -> PackedBatch {
        PackedBatch(
            indices.map { i in
                let own = offsets[i]..<offsets[i + 1]
                return (Array(ids[own]), Array(types[own]), rows[i])
            })
    }

    private static func before(_ marks: [Int32], tokens: Int) -> [Int] {
        var before = [Int](repeating: 0, count: tokens + 1)
        for mark in marks { before[Int(mark) + 1] += 1 }
        for token in 0..<tokens { before[token + 1] += before[token] }
        precondition(zip(marks, marks.dropFirst()).allSatisfy(<), "marks are ascending")
        return before
    }

    package var tokens: Int { ids.count }
    package var count: Int { rows.count }
    package var longest: Int { zip(offsets, offsets.dropFirst()).map { $1 - $0 }.max() ?? 0 }
    private var whole: BatchSlice { BatchSlice(tokens: 0..<tokens, sequences: 0..<count) }

    /// Rows of the whole batch.
    package func rows(_ rows: Rows) -> Int { range(rows, in: whole).count }

    /// Which rows of a set belong to a slice, counted from the batch's first.
    package func range(_ rows: Rows, in slice: BatchSlice) -> Range<Int> {
        switch rows {
        case .tokens: return slice.tokens
        case .sequences: return slice.sequences
        case .marked(let head):
            guard let before = marksBefore[head] else { return 0..<0 }
            return before[slice.tokens.lowerBound]..<before[slice.tokens.upperBound]
        case .groups:
            guard let groupOffsets else { return 0..<0 }
            // The groups whose first sequence is in the slice: slices hold whole ones
            return Self.firstIndex(
                groupOffsets, atLeast: slice.sequences.lowerBound)..<Self.firstIndex(
                    groupOffsets, atLeast: slice.sequences.upperBound)
        }
    }

    /// As the initializer takes them.
    var groupSizes: [Int]? { groupOffsets.map { zip($0, $0.dropFirst()).map { $1 - $0 } } }

    /// The sequences of a group.
    package func sequences(ofGroup group: Int) -> Range<Int> {
        guard let groupOffsets else { preconditionFailure("the batch has no groups") }
        return groupOffsets[group]..<groupOffsets[group + 1]
    }

    private static func firstIndex(_ sorted: [Int], atLeast bound: Int) -> Int {
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < bound { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Hashes that random numbers of a set's rows are drawn by; a group's is that of its first sequence.
    func identities(_ rows: Rows) -> [UInt64] {
        switch rows {
        case .tokens: tokenIdentities
        case .sequences: sequenceIdentities
        case .marked(let head): markedIdentities[head] ?? []
        case .groups: (groupOffsets ?? [0]).dropLast().map { sequenceIdentities[$0] }
        }
    }

    /// Runs of slices whose parameter gradients are summed together: what these read is kept for so many tokens at a time,
    /// however large the batch. Depends on the batch alone; an even number of slices, as two threads share best.
    package func groups(tokens: Int) -> [BatchSlice] {
        let members = max(2, tokens / Self.sliceQuota / 2 * 2)
        return stride(from: 0, to: slices.count, by: members).map { i in
            let last = slices[min(i + members, slices.count) - 1]
            return BatchSlice(
                tokens: slices[i].tokens.lowerBound..<last.tokens.upperBound,
                sequences: slices[i].sequences.lowerBound..<last.sequences.upperBound)
        }
    }

    /// Borders depend on the batch alone, never on the threads, so that sums have one order everywhere. An even number
    /// of slices, so that two threads get equal shares. With groups, only their borders are used.
    /// - Parameter few: as few as fit: each reads all weights, and no gradient is summed.
    static func cut(_ offsets: [Int], groups: [Int]? = nil, few: Bool = false) -> [BatchSlice] {
        let starts = groups ?? Array(offsets.indices)
        let units = starts.count - 1
        let tokens = offsets.last ?? 0
        guard units > 0 else { return [] }
        func end(_ unit: Int) -> Int { offsets[starts[unit]] }
        let wanted = max(few ? 1 : 4, (tokens + sliceQuota - 1) / sliceQuota)
        let count = min(units, few ? wanted : wanted + wanted % 2)
        var slices: [BatchSlice] = []
        var first = 0
        for i in 1...count {
            let target = tokens * i / count
            var last = first + 1
            // The border nearest to the target that leaves something for each slice to come
            while last < units - (count - i)
                && (i == count || abs(end(last + 1) - target) <= abs(end(last) - target))
            {
                last += 1
            }
            slices.append(BatchSlice(tokens: end(first)..<end(last), sequences: starts[first]..<starts[last]))
            first = last
        }
        return slices
    }
}
