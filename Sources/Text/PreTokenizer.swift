/// Second layer: splits the normalized text into words, which the model never joins again.
protocol PreTokenizer: Sendable {
    /// The words of `text` in order, not empty, as ranges of its units. It may rewrite units too (a byte-level one
    /// does), and then gives ranges of the rewritten ones.
    func split(_ text: inout NormalizedText) -> [Range<Int>]

    /// The pre-tokenizer for a single word of a text: one that marks the beginning of words by a space marks this one too.
    var withPrefixSpace: any PreTokenizer { get }

    /// Adds what it does; nothing if it splits nothing.
    func write(to identity: inout TokenizerIdentity)
}

extension PreTokenizer {
    var withPrefixSpace: any PreTokenizer { self }
}

/// One word: `"pre_tokenizer": null`.
struct NoPreTokenizer: PreTokenizer {
    func split(_ text: inout NormalizedText) -> [Range<Int>] {
        text.units.isEmpty ? [] : [0..<text.units.count]
    }

    func write(to identity: inout TokenizerIdentity) {}
}
