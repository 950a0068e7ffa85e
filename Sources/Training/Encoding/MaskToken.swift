import Text

/// The token that hides others.
struct MaskToken {
    /// As the vocabulary writes it.
    let text: String
    let id: Int32

    /// Names that masks have.
    private static let names = ["[MASK]", "<mask>"]

    /// - Throws: `TrainingError.setting` for a tokenizer without mask
    init(_ tokenizer: any Tokenizer) throws(TrainingError) {
        guard let found = Self.names.lazy.compactMap({ name in tokenizer.id(of: name).map { (name, $0) } }).first else {
            throw .setting(
                name: "--model", found: "a tokenizer without a mask token",
                expected: "one with \(Self.names.joined(separator: " or ")), which language modeling needs")
        }
        (text, id) = found
    }
}
