/// Third layer: divides a word into tokens of the vocabulary.
protocol SubwordModel: Sendable {
    /// The kind, as `tokenizer.json` calls it.
    static var name: String { get }

    var vocabulary: Vocabulary { get }

    /// Appends the tokens of the word `units[range]` (not empty) with their ranges of `units`.
    func appendTokens(
        of units: [NormalizedText.Unit], _ range: Range<Int>, to tokens: inout [SubwordToken])

    /// Adds its kind, its parameters and its vocabulary.
    func write(to identity: inout TokenizerIdentity)
}

extension SubwordModel {
    /// One more than the highest id.
    var vocabularySize: Int { vocabulary.size }

    /// Tokens in the vocabulary. Differs from `vocabularySize` if some ids are unused.
    var tokenCount: Int { vocabulary.count }

    func id(of token: String) -> Int32? { vocabulary.id(of: token) }
    func token(_ id: Int32) -> String? { vocabulary.token(id) }
}

/// A token of a word.
struct SubwordToken: Sendable, Equatable {
    var id: Int32
    /// What it covers, in units of the normalized text.
    var range: Range<Int>
}
