/// Turns text into the token ids that a model was trained with.
package protocol Tokenizer: Sendable {
    /// One more than the highest id: the rows that the model's embedding needs.
    var vocabularySize: Int { get }

    /// The kind of its model, for logs: `WordPiece`.
    var name: String { get }

    /// SHA-256 (64 hexadecimal digits) over everything that affects the ids of a text. It describes what the tokenizer
    /// does, not its file: vocab.txt and an equivalent tokenizer.json have the same identity. Each call computes it again
    /// (some 10 ms for 250,000 tokens).
    var identity: String { get }

    /// Encodes a text, or a pair of texts, with the model's special tokens around them.
    ///
    /// Equals Hugging Face's `tokenizers` with `add_special_tokens` and truncation `longest_first` on the right.
    /// - Parameters:
    ///   - text: any text; may be empty
    ///   - pair: the second text of a pair
    ///   - maxLength: maximum length in tokens, including special tokens. Special tokens are never cut: below their
    ///     number, the encoding consists of them alone.
    func encode(_ text: String, pair: String?, maxLength: Int) -> Encoding

    /// Encodes a text that is already divided into words, each on its own, with the model's special tokens around them.
    ///
    /// Equals `transformers` with `is_split_into_words=True` and truncation on the right.
    /// - Parameters:
    ///   - words: any texts; one with white space inside is still one word
    ///   - prefix: text before the first word, divided at white space; empty for none
    ///   - maxLength: maximum length in tokens, including special tokens and those of the prefix
    func encode(words: [String], prefix: String, maxLength: Int) -> WordEncoding

    /// Encodes a text and windows of a second one that together cover it, each with the model's special tokens.
    ///
    /// Equals Hugging Face's `tokenizers` with truncation `only_second` and `stride`, as its question answering uses them: all
    /// windows but the last are as long as fits, and each begins `stride` tokens before the end of the one before it. Where
    /// little fits, the text keeps half of the room, and a window shares half of its tokens at most.
    /// - Parameters:
    ///   - text: the first of the pair, such as a question; the same in each window
    ///   - maxLength: maximum length of a window in tokens, including special tokens
    ///   - stride: tokens of `pair` that two neighboring windows share
    /// - Returns: at least one window; offsets are in the whole `pair`. `isTruncated` tells that `text` was cut.
    func encodeWindows(_ text: String, pair: String, maxLength: Int, stride: Int) -> [Encoding]

    /// The id of a token as the vocabulary writes it, or as it was added (`[MASK]`); nil for an unknown one.
    func id(of token: String) -> Int32?

    /// The token with this id as the vocabulary writes it (`##ing`); nil for an id without one.
    func token(_ id: Int32) -> String?

    /// What turns ids into text again; nil for a tokenizer whose tokens do not hold the whole text.
    var decoder: TokenDecoder? { get }
}

extension Tokenizer {
    package var decoder: TokenDecoder? { nil }
}

/// Token ids and their places in the text; all arrays have the same length.
package struct Encoding: Sendable, Equatable {
    /// Rows of the model's word embedding.
    package var ids: [Int32]
    /// Rows of the model's type embedding.
    package var typeIDs: [Int32]
    /// The part of its text that each token covers, in Unicode scalars; 0..<0 for special tokens.
    package var offsets: [Range<Int32>]
    /// The text that each token comes from: 0 the text, 1 the pair, `Encoding.special` for the tokens around them.
    package var sequence: [UInt8]
    /// Whether tokens of the text were cut off.
    package var isTruncated = false

    /// The value in `sequence` of tokens that come from no text.
    package static let special: UInt8 = 255

    /// The tokens without those that come from no text.
    package var textTokens: [Int32] { zip(ids, sequence).filter { $0.1 != Self.special }.map(\.0) }

    package init(
        ids: [Int32] = [], typeIDs: [Int32] = [], offsets: [Range<Int32>] = [], sequence: [UInt8] = []
    ) {
        self.ids = ids
        self.typeIDs = typeIDs
        self.offsets = offsets
        self.sequence = sequence
    }
}
