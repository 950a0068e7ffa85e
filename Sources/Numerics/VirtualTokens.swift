/// Rows of each sequence that stand for no token of its text, and the positions that are taken from the text: a learned
/// prompt, or a prefix.
///
/// A plan with virtual tokens inserts them into every batch that it runs (`PlanBuilder.virtualTokens`), so that whoever makes
/// batches does not know of them. They have negative ids, no word, and type 0. A sequence's own tokens keep their random
/// numbers. Without positions, virtual tokens are at position 0, and the text's tokens keep theirs; with positions, those of
/// the text behind them begin after them.
package struct VirtualTokens: Equatable, Sendable {
    package enum Place: Sendable {
        /// Before all tokens: the first virtual token is the sequence's first row.
        case first
        /// After the first token, which remains the sequence's first row
        case second
    }
    /// Of each sequence.
    package let count: Int
    package let place: Place
    /// How many positions they take: none, or one for each of them. A prefix takes some, but has no rows (`count` is 0).
    package let positions: Int

    package init(count: Int, place: Place, positions: Int = 0) {
        precondition(count >= 0 && positions >= 0 && max(count, positions) > 0, "\(count) virtual tokens")
        precondition(count == 0 || positions == 0 || positions == count, "\(positions) positions of \(count)")
        self.count = count
        self.place = place
        self.positions = positions
    }

    /// Where they begin in a sequence.
    var start: Int { place == .first ? 0 : 1 }

    /// The id of one of them.
    static func id(_ index: Int) -> Int32 { -1 - Int32(index) }

    /// Which of them an id stands for; nil: it is a token's.
    static func index(_ id: Int32) -> Int? { id < 0 ? Int(-1 - id) : nil }

    /// Random numbers of virtual tokens are drawn by positions that no token has.
    static let firstIdentity = 1 << 40
}

extension PackedBatch {
    /// The same sequences and targets with virtual tokens in each sequence.
    func inserting(_ virtual: VirtualTokens) -> PackedBatch {
        precondition(past == nil, "virtual tokens in the middle of a sequence")
        let sequences = rows.indices.map { i in
            let own = offsets[i]..<offsets[i + 1]
            return (ids: Array(ids[own]), types: Array(types[own]), row: rows[i])
        }
        return PackedBatch(
            sequences, targets: targets.mapValues { inserting(virtual, $0) }, groups: groupSizes, virtual: virtual)
    }

    /// Targets whose marks count the rows with the virtual tokens.
    private func inserting(_ virtual: VirtualTokens, _ targets: HeadTargets) -> HeadTargets {
        guard let marks = targets.marks else { return targets }
        var moved = targets
        var sequence = 0
        moved.marks = marks.map { mark in
            while offsets[sequence + 1] <= Int(mark) { sequence += 1 }
            // A mark of a sequence stays at its first row
            let isBehind = !targets.marksSequences && Int(mark) - offsets[sequence] >= virtual.start
            return mark + Int32(virtual.count * (sequence + (isBehind ? 1 : 0)))
        }
        return moved
    }
}
