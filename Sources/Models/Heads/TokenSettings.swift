/// What a head that predicts tokens knows of the tokenizer.
package struct TokenSettings: Equatable, Sendable {
    /// Ids of the vocabulary, which are the rows of the model's word embeddings.
    package var vocabulary: Int
    /// The token that hides others, as the vocabulary writes it.
    package var mask: String
    package var maskID: Int32
    /// What tokens are called, where a tokenizer is at hand; not part of what is stored or compared.
    package var names: TokenNames?

    /// Tokens that are predicted for each hidden one.
    package static let predicted = 20

    package init(vocabulary: Int, mask: String, maskID: Int32, names: TokenNames? = nil) {
        self.vocabulary = vocabulary
        self.mask = mask
        self.maskID = maskID
        self.names = names
    }
}

/// Tokens by their ids.
package struct TokenNames: Equatable, Sendable {
    private let name: @Sendable (Int32) -> String?

    package init(_ name: @escaping @Sendable (Int32) -> String?) { self.name = name }

    /// The token as the vocabulary writes it; its id for one that it does not write.
    package func callAsFunction(_ id: Int) -> String { Int32(exactly: id).flatMap(name) ?? "\(id)" }

    /// What tokens are called decides nothing.
    package static func == (a: TokenNames, b: TokenNames) -> Bool { true }
}
