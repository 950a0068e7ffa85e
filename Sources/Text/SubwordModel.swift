/// Third layer: cuts a word into pieces of the vocabulary.
protocol SubwordModel: Sendable {
    /// The kind, as `tokenizer.json` calls it.
    static var name: String { get }

    /// One more than the highest id.
    var vocabularySize: Int { get }

    /// Pieces in the vocabulary. Differs from `vocabularySize` where ids have holes.
    var pieceCount: Int { get }

    /// Appends the pieces of the word `units[range]` (not empty) with their ranges of `units`.
    func appendPieces(
        of units: [NormalizedText.Unit], _ range: Range<Int>, to pieces: inout [SubwordPiece])

    /// Adds its kind, its parameters and its vocabulary.
    func write(to identity: inout TokenizerIdentity)

    func id(of piece: String) -> Int32?
    func piece(_ id: Int32) -> String?
}

/// A piece of a word.
struct SubwordPiece: Sendable, Equatable {
    var id: Int32
    /// What it covers, in units of the normalised text.
    var range: Range<Int>
}
