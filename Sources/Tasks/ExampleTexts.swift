extension Example {
    /// All texts that a model reads of the example, in order: what two examples share if one leaks into the other. Words are
    /// one text; candidates, contexts and the like are texts of their own (`ExamplePayload.otherTexts`).
    package var texts: [String] { [text] + [pair].compactMap { $0 } + (payload?.otherTexts ?? []) }

    /// The example with each of its texts replaced.
    /// - Parameter change: gives the new text for an old one; of words, for each word by itself
    /// - Returns: nil if the kind's answers depend on the exact texts, as places in a text do
    package func mapTexts(_ change: (String) -> String) -> Example? {
        var changed = self
        if let payload {
            guard let mapped = payload.mapTexts(change) else { return nil }
            changed.payload = mapped
        }
        changed.text = changed.payload?.ownText ?? change(text)
        changed.pair = pair.map(change)
        return changed
    }
}
