/// What a mention and one before it have: one of nine distances, as Lee et al. (2017) cut them, and whether they are written
/// alike, end in the same word, or overlap.
struct SpanPairFeatures {
    /// Distances, and three more.
    static let count = distances + 3

    private static let distances = 9

    /// Bit f: feature f is there.
    private let bits: UInt16

    /// - Parameters:
    ///   - candidate: begins before the mention, or with it and ends before it
    ///   - words: of the document
    ///   - row: of the slice, of the first of `words`
    init(_ candidate: WordSpan, before mention: WordSpan, in words: ArraySlice<MentionWord>, from row: Int) {
        func form(_ word: Int) -> Int32 { words[words.startIndex + word - row].form }
        var bits: UInt16 = 1 << Self.distance(mention.first - candidate.first)
        let endsAlike = form(candidate.last) == form(mention.last)
        if endsAlike, candidate.count == mention.count,
            (0..<mention.count).allSatisfy({ form(candidate.first + $0) == form(mention.first + $0) })
        {
            bits |= 1 << Self.distances
        }
        if endsAlike { bits |= 1 << (Self.distances + 1) }
        if candidate.last >= mention.first { bits |= 1 << (Self.distances + 2) }
        self.bits = bits
    }

    /// Calls `body` with each feature that is there: an index below `count`, ascending.
    func forEach(_ body: (Int) -> Void) {
        for feature in 0..<Self.count where bits >> feature & 1 == 1 { body(feature) }
    }

    /// 0 to 1, 2, 3, 4, 5 to 7, 8 to 15, 16 to 31, 32 to 63, and 64 or more words.
    private static func distance(_ words: Int) -> Int {
        switch words {
        case ...1: 0
        case 2...4: words - 1
        case 5...7: 4
        case 8...15: 5
        case 16...31: 6
        case 32...63: 7
        default: 8
        }
    }
}
