import Files
import Foundation
import Numerics

/// The numbers of an encoder, from Hugging Face's config.json.
package struct ModelConfiguration: Equatable, Sendable {
    /// `model_type` in config.json, which names the family: see `Architectures`.
    package var family: String
    package var hidden: Int
    package var layers: Int
    package var heads: Int
    package var intermediate: Int
    package var vocabulary: Int
    /// Rows of the position table; without one, the longest sequence.
    package var positions: Int
    /// Rows of the token type table; 0: the model has none.
    package var types: Int
    package var epsilon: Float
    package var activation: ActivationKind
    /// Dropout probabilities in 0..<1.
    package var hiddenDropout: Float
    package var attentionDropout: Float
    /// Row of the position table that a sequence's first token gets: 0 in BERT, padding + 1 in RoBERTa.
    package var firstPosition: Int
    /// nil: a model with a table of positions, in which each token sees all others.
    package var rotary: RotaryPositions?

    /// nil: an encoder, in which a token sees those after it, too.
    package var decoder: DecoderShape?

    /// Longest sequence, special tokens included.
    package var longestSequence: Int { positions - firstPosition }

    /// From the numbers that a bundle holds about its base; the others get their usual values.
    package init(
        family: String, hidden: Int, layers: Int, heads: Int, intermediate: Int, vocabulary: Int, positions: Int,
        types: Int
    ) {
        self.family = family
        self.hidden = hidden
        self.layers = layers
        self.heads = heads
        self.intermediate = intermediate
        self.vocabulary = vocabulary
        self.positions = positions
        self.types = types
        epsilon = 1e-12
        activation = .gelu
        hiddenDropout = 0.1
        attentionDropout = 0.1
        firstPosition = 0
    }

    /// - Throws: `ModelError` naming the field that is missing, of another type, or out of range.
    package init(file: URL) throws {
        guard let data = FileManager.default.contents(atPath: file.path) else {
            throw ModelError.noFolder(path: file.deletingLastPathComponent().path)
        }
        try self.init([UInt8](data), name: file.path)
    }

    /// The same from a file's bytes.
    /// - Parameter name: what messages call the file
    package init(_ bytes: [UInt8], name: String) throws {
        let json = try ModelJSON(bytes, file: name)
        guard let kind = json.value("model_type") else {
            throw json.wrong("model_type", "nothing", Architectures.known)
        }
        guard case .string(let type) = kind else {
            throw json.wrong("model_type", kind.summary, Architectures.known)
        }
        guard let family = Architectures.named(type) else {
            throw ModelError.architecture(file: name, found: String(type.prefix(40)), known: Architectures.known)
        }
        self = try family.configuration(type, ConfigurationFields(json: json))
        guard positions > firstPosition else {
            throw json.wrong("max_position_embeddings", "\(positions)", "over \(firstPosition)")
        }
    }
}
