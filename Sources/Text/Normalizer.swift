/// First layer: rewrites the text before it is split (lower case, accents, white space).
protocol Normalizer: Sendable {
    /// Rewrites `text`; each new unit keeps the range of the original it stands for.
    func normalize(_ text: inout NormalizedText)

    /// Adds what it does; nothing if it changes nothing.
    func write(to identity: inout TokenizerIdentity)
}

/// Leaves the text as it is: `"normalizer": null`.
struct NoNormalizer: Normalizer {
    func normalize(_ text: inout NormalizedText) {}
    func write(to identity: inout TokenizerIdentity) {}
}
