/// Fourth layer: sets special tokens around the pieces of one text or two.
protocol PostProcessor: Sendable {
    /// How many tokens it adds.
    func addedCount(isPair: Bool) -> Int

    /// The whole encoding of `first` and, for a pair, `second`, both already cut to length.
    func assemble(_ first: TokenRun, _ second: TokenRun?) -> Encoding

    /// Adds the special tokens and where they stand.
    func write(to identity: inout TokenizerIdentity)
}

/// The tokens of one text before special ones are added.
struct TokenRun: Sendable, Equatable {
    var ids: [Int32] = []
    /// In scalars of the text.
    var offsets: [Range<Int32>] = []

    mutating func append(_ id: Int32, _ offset: Range<Int32>) {
        ids.append(id)
        offsets.append(offset)
    }

    mutating func append(_ other: TokenRun) {
        ids += other.ids
        offsets += other.offsets
    }

    mutating func truncate(to count: Int) {
        guard count < ids.count else { return }
        ids.removeSubrange(max(0, count)...)
        offsets.removeSubrange(max(0, count)...)
    }
}
