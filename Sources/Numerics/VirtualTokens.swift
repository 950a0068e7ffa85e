/// Rows of each sequence that stand for no token of its text: a learned prompt.
///
/// A plan with virtual tokens inserts them into every batch that it runs (`PlanBuilder.virtualTokens`), so that whoever makes
/// batches does not know of them. They have negative ids and position 0, and no word; a sequence's own tokens keep their
/// positions and their random numbers.
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

    package init(count: Int, place: Place) {
        precondition(count > 0, "\(count) virtual tokens")
        self.count = count
        self.place = place
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
