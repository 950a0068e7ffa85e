/// One sequence of a batch, with its story: rows of it are found, dropped and scored by these numbers alone.
package struct SequenceRow: Sendable, Equatable {
    /// Stable number of the example within its task's data.
    package var example: UInt64
    /// Index of the task whose head reads it.
    package var task: Int
    /// Class index, −1 where it is missing.
    package var label: Int

    package init(example: UInt64, task: Int = 0, label: Int = -1) {
        self.example = example
        self.task = task
        self.label = label
    }
}

/// A run of whole sequences that one thread works on at a time.
package struct BatchSlice: Sendable, Equatable {
    package var tokens: Range<Int>
    package var sequences: Range<Int>

    func count(_ rows: Rows) -> Int { rows == .tokens ? tokens.count : sequences.count }
    func first(_ rows: Rows) -> Int { rows == .tokens ? tokens.lowerBound : sequences.lowerBound }
}

/// Sequences laid end to end, without padding: [tokens] ids with sequence offsets.
package final class PackedBatch: Sendable {
    package let ids: [Int32]
    package let types: [Int32]
    /// Position of each token in its sequence.
    package let positions: [Int32]
    /// [sequences + 1]
    package let offsets: [Int]
    package let rows: [SequenceRow]
    /// The piece that each token is to be told to be, −1 where none; empty where no token has one.
    package let targets: [Int32]
    /// Tokens with a target.
    package let targetCount: Int
    package let slices: [BatchSlice]
    /// (example, position) of each token, and of each sequence's first: what random numbers are drawn by.
    let tokenIdentities: [UInt64]
    let sequenceIdentities: [UInt64]

    /// Tokens a slice aims at: its activations stay in a core's cache (96 to 256 were tried: 3 % between them, and shorter
    /// slices need less memory).
    package static let sliceQuota = 128

    /// - Parameters:
    ///   - sequences: ids and type ids of equal length, at least one token each.
    ///   - targets: [tokens], or empty.
    package init(_ sequences: [(ids: [Int32], types: [Int32], row: SequenceRow)], targets: [Int32] = []) {
        var ids: [Int32] = []
        var types: [Int32] = []
        var positions: [Int32] = []
        var offsets = [0]
        var identities: [UInt64] = []
        ids.reserveCapacity(sequences.reduce(0) { $0 + $1.ids.count })
        for sequence in sequences {
            precondition(!sequence.ids.isEmpty && sequence.ids.count == sequence.types.count)
            ids += sequence.ids
            types += sequence.types
            for position in 0..<sequence.ids.count {
                positions.append(Int32(position))
                identities.append(Self.identity(sequence.row, position))
            }
            offsets.append(ids.count)
        }
        self.ids = ids
        self.types = types
        self.positions = positions
        self.offsets = offsets
        rows = sequences.map(\.row)
        precondition(targets.isEmpty || targets.count == ids.count)
        self.targets = targets
        targetCount = targets.count { $0 >= 0 }
        tokenIdentities = identities
        sequenceIdentities = rows.map { Self.identity($0, 0) }
        slices = Self.cut(offsets)
    }

    package var tokens: Int { ids.count }
    package var count: Int { rows.count }
    package func rows(_ rows: Rows) -> Int { rows == .tokens ? tokens : count }
    package var longest: Int { zip(offsets, offsets.dropFirst()).map { $1 - $0 }.max() ?? 0 }

    private static func identity(_ row: SequenceRow, _ position: Int) -> UInt64 {
        (row.example &* 64 &+ UInt64(row.task)) << 12 | UInt64(position)
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
    /// of slices, so that two threads get equal shares.
    static func cut(_ offsets: [Int]) -> [BatchSlice] {
        let sequences = offsets.count - 1
        let tokens = offsets[sequences]
        guard sequences > 0 else { return [] }
        let wanted = max(4, (tokens + sliceQuota - 1) / sliceQuota)
        let count = min(sequences, wanted + wanted % 2)
        var slices: [BatchSlice] = []
        var first = 0
        for i in 1...count {
            let target = tokens * i / count
            var last = first + 1
            // the border nearest to the target, leaving a sequence for each slice to come
            while last < sequences - (count - i)
                && (i == count || abs(offsets[last + 1] - target) <= abs(offsets[last] - target))
            {
                last += 1
            }
            slices.append(BatchSlice(tokens: offsets[first]..<offsets[last], sequences: first..<last))
            first = last
        }
        return slices
    }
}
