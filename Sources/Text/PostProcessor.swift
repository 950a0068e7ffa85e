/// Fourth layer: puts special tokens around the tokens of one text or two.
protocol PostProcessor: Sendable {
    /// How many tokens it adds.
    func addedCount(isPair: Bool) -> Int

    /// The whole encoding of `first` and, for a pair, `second`, both already truncated.
    func assemble(_ first: TokenRun, _ second: TokenRun?) -> Encoding

    /// How the offsets of the tokens are trimmed; nil if they are not. `assemble` gets trimmed ones.
    var trimming: OffsetTrimming? { get }

    /// Adds the special tokens and their places.
    func write(to identity: inout TokenizerIdentity)
}

extension PostProcessor {
    var trimming: OffsetTrimming? { nil }
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

    /// Some of the tokens.
    subscript(range: Range<Int>) -> TokenRun { TokenRun(ids: Array(ids[range]), offsets: Array(offsets[range])) }

    mutating func truncate(to count: Int) {
        guard count < ids.count else { return }
        ids.removeSubrange(max(0, count)...)
        offsets.removeSubrange(max(0, count)...)
    }
}
