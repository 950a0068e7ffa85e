import Tasks
import Training

/// A token that may stand at a mask of a text.
public struct MaskedToken: Sendable, Equatable {
    /// The token as the model's vocabulary writes it, such as `paris` or `##ing`.
    public let token: String
    /// Its probability among all tokens of the vocabulary.
    public let probability: Float

    init(_ guess: TokenGuess) {
        token = guess.token
        probability = guess.probability
    }
}

extension Predictor {
    /// Predicts the tokens that masks stand for.
    /// - Parameter texts: Each with masks as the model's tokenizer writes them, such as `[MASK]`.
    /// - Returns: For each mask of each text up to 20 tokens, the most probable first. Masks beyond the maximum length are
    ///   missing.
    /// - Throws: ``AmalgamError/Kind/head`` if the head does not predict tokens; `CancellationError`.
    public func maskedTokens(of texts: [String]) async throws -> [[[MaskedToken]]] {
        let examples = texts.enumerated().map { Example(id: $0, text: $1) }
        return try await worker.predictions(examples, of: "tokens").compactMap {
            if case .tokens(let masks) = $0 { masks.map { $0.map { MaskedToken($0) } } } else { nil }
        }
    }
}
