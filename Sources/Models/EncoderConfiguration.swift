import Foundation
import Numerics

/// The numbers of a BERT-family encoder, from Hugging Face's config.json.
package struct EncoderConfiguration: Equatable, Sendable {
    package var architecture: String
    package var hidden: Int
    package var layers: Int
    package var heads: Int
    package var intermediate: Int
    package var vocabulary: Int
    /// Rows of the position table.
    package var positions: Int
    package var types: Int
    package var epsilon: Float
    package var activation: ActivationKind
    /// Dropout probabilities in 0..<1.
    package var hiddenDropout: Float
    package var attentionDropout: Float
    /// Row of the position table that a sequence's first token gets: 0 in BERT, padding + 1 in RoBERTa's descendants.
    package var firstPosition: Int

    /// Longest sequence, special tokens included.
    package var longestSequence: Int { positions - firstPosition }

    /// From numbers that a bundle holds about its base; what is not a shape has BERT's usual value.
    package init(
        architecture: String, hidden: Int, layers: Int, heads: Int, intermediate: Int, vocabulary: Int, positions: Int,
        types: Int
    ) {
        self.architecture = architecture
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
        let name = file.path
        guard let data = FileManager.default.contents(atPath: file.path) else {
            throw ModelError.noFolder(path: file.deletingLastPathComponent().path)
        }
        guard let json = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else {
            throw ModelError.field(file: name, field: "the whole file", found: "no JSON object", expected: "one")
        }
        func integer(_ field: String, in range: ClosedRange<Int>, default fallback: Int? = nil) throws -> Int {
            guard let raw = json[field], !(raw is NSNull) else {
                if let fallback { return fallback }
                throw ModelError.field(
                    file: name, field: field, found: "nothing", expected: "an integer in \(range.text)")
            }
            guard let number = raw as? NSNumber, let value = Int(exactly: number.doubleValue), range.contains(value)
            else {
                throw ModelError.field(
                    file: name, field: field, found: "\(raw)", expected: "an integer in \(range.text)")
            }
            return value
        }
        func probability(_ field: String) throws -> Float {
            guard let raw = json[field] else { return 0.1 }
            guard let value = (raw as? NSNumber)?.floatValue, value >= 0, value < 1 else {
                throw ModelError.field(file: name, field: field, found: "\(raw)", expected: "a probability in 0..<1")
            }
            return value
        }
        guard let type = json["model_type"] as? String else {
            throw ModelError.field(file: name, field: "model_type", found: "nothing", expected: "bert")
        }
        switch type {
        case "bert": firstPosition = 0
        case "roberta", "xlm-roberta": firstPosition = try integer("pad_token_id", in: 0...1_000_000, default: 1) + 1
        default: throw ModelError.architecture(file: name, found: type)
        }
        architecture = type
        hidden = try integer("hidden_size", in: 1...65_536)
        layers = try integer("num_hidden_layers", in: 1...1024)
        heads = try integer("num_attention_heads", in: 1...1024)
        intermediate = try integer("intermediate_size", in: 1...1_048_576)
        vocabulary = try integer("vocab_size", in: 1...16_777_216)
        positions = try integer("max_position_embeddings", in: 1...1_048_576)
        types = try integer("type_vocab_size", in: 1...1024, default: 2)
        hiddenDropout = try probability("hidden_dropout_prob")
        attentionDropout = try probability("attention_probs_dropout_prob")
        guard hidden % heads == 0 else {
            throw ModelError.field(
                file: name, field: "num_attention_heads", found: "\(heads)",
                expected: "a divisor of hidden_size \(hidden)")
        }
        guard positions > firstPosition else {
            throw ModelError.field(
                file: name, field: "max_position_embeddings", found: "\(positions)", expected: "over \(firstPosition)")
        }
        if let raw = json["layer_norm_eps"] {
            guard let value = (raw as? NSNumber)?.floatValue, value > 0, value < 1 else {
                throw ModelError.field(
                    file: name, field: "layer_norm_eps", found: "\(raw)", expected: "a number in 0..1")
            }
            epsilon = value
        } else {
            epsilon = 1e-12
        }
        let act = json["hidden_act"] ?? "gelu"
        switch act as? String {
        case "gelu": activation = .gelu
        case "relu": activation = .relu
        case "silu", "swish": activation = .swish
        default:
            throw ModelError.field(file: name, field: "hidden_act", found: "\(act)", expected: "gelu, relu or silu")
        }
        if let kind = json["position_embedding_type"], !(kind is NSNull), kind as? String != "absolute" {
            throw ModelError.field(file: name, field: "position_embedding_type", found: "\(kind)", expected: "absolute")
        }
    }
}

extension ClosedRange<Int> {
    fileprivate var text: String { "\(lowerBound)...\(upperBound)" }
}
