import Files
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
        guard let data = FileManager.default.contents(atPath: file.path) else {
            throw ModelError.noFolder(path: file.deletingLastPathComponent().path)
        }
        try self.init([UInt8](data), name: file.path)
    }

    /// The same from a file's bytes.
    /// - Parameter name: what messages call the file
    package init(_ bytes: [UInt8], name: String) throws {
        let json = try ModelJSON(bytes, file: name)
        func integer(_ field: String, in range: ClosedRange<Int>, default fallback: Int? = nil) throws -> Int {
            guard let raw = json.value(field) else {
                if let fallback { return fallback }
                throw json.wrong(field, "nothing", "an integer in \(range.text)")
            }
            let value: Int? =
                switch raw {
                case .integer(let value): value
                case .number(let value): Int(exactly: value)
                default: nil
                }
            guard let value, range.contains(value) else {
                throw json.wrong(field, raw.summary, "an integer in \(range.text)")
            }
            return value
        }
        func number(_ field: String, _ expected: String, _ isRight: (Float) -> Bool) throws -> Float? {
            guard let raw = json.value(field) else { return nil }
            let value: Float? =
                switch raw {
                case .integer(let value): Float(value)
                case .number(let value): Float(value)
                default: nil
                }
            guard let value, isRight(value) else { throw json.wrong(field, raw.summary, expected) }
            return value
        }
        let known = "bert, roberta or xlm-roberta"
        guard let kind = json.value("model_type") else { throw json.wrong("model_type", "nothing", known) }
        guard case .string(let type) = kind else { throw json.wrong("model_type", kind.summary, known) }
        switch type {
        case "bert": firstPosition = 0
        case "roberta", "xlm-roberta": firstPosition = try integer("pad_token_id", in: 0...1_000_000, default: 1) + 1
        default: throw ModelError.architecture(file: name, found: String(type.prefix(40)))
        }
        architecture = type
        hidden = try integer("hidden_size", in: 1...65_536)
        layers = try integer("num_hidden_layers", in: 1...1024)
        heads = try integer("num_attention_heads", in: 1...1024)
        intermediate = try integer("intermediate_size", in: 1...1_048_576)
        vocabulary = try integer("vocab_size", in: 1...16_777_216)
        positions = try integer("max_position_embeddings", in: 1...1_048_576)
        types = try integer("type_vocab_size", in: 1...1024, default: 2)
        let probability = "a probability in 0..<1"
        hiddenDropout = try number("hidden_dropout_prob", probability) { $0 >= 0 && $0 < 1 } ?? 0.1
        attentionDropout = try number("attention_probs_dropout_prob", probability) { $0 >= 0 && $0 < 1 } ?? 0.1
        guard hidden % heads == 0 else {
            throw json.wrong("num_attention_heads", "\(heads)", "a divisor of hidden_size \(hidden)")
        }
        guard positions > firstPosition else {
            throw json.wrong("max_position_embeddings", "\(positions)", "over \(firstPosition)")
        }
        epsilon = try number("layer_norm_eps", "a number in 0..1") { $0 > 0 && $0 < 1 } ?? 1e-12
        activation = try Self.activation(json)
        try Self.refuseOtherComputation(json)
    }

    /// Every name of `transformers` for what we compute. gelu_new, gelu_fast and the others are one function there.
    private static let activations: [(name: String, kind: ActivationKind)] = [
        ("gelu", .gelu), ("gelu_python", .gelu), ("gelu_new", .geluTanh), ("gelu_fast", .geluTanh),
        ("gelu_pytorch_tanh", .geluTanh), ("gelu_python_tanh", .geluTanh), ("gelu_accurate", .geluTanh),
        ("relu", .relu), ("silu", .swish), ("swish", .swish), ("tanh", .tanh),
    ]

    private static func activation(_ json: ModelJSON) throws -> ActivationKind {
        guard let value = json.value("hidden_act") else { return .gelu }
        guard case .string(let word) = value, let known = activations.first(where: { $0.name == word }) else {
            throw json.unsupported("hidden_act", value.summary, activations.map(\.name).joined(separator: ", "))
        }
        return known.kind
    }

    /// Fields that make `transformers` compute something else from the same tensors.
    private static func refuseOtherComputation(_ json: ModelJSON) throws {
        func refuse(_ field: String, unless supported: String, _ isRight: (JSONValue) -> Bool) throws {
            guard let value = json.value(field), !isRight(value) else { return }
            throw json.unsupported(field, value.summary, supported)
        }
        func isFalse(_ value: JSONValue) -> Bool { if case .bool(false) = value { true } else { false } }
        try refuse("position_embedding_type", unless: "\"absolute\"") {
            if case .string("absolute") = $0 { true } else { false }
        }
        try refuse("is_decoder", unless: "false: an encoder, in which each token sees all others", isFalse)
        try refuse("add_cross_attention", unless: "false", isFalse)
        try refuse("pruned_heads", unless: "no pruned heads") {
            switch $0 {
            case .object(let layers): layers.isEmpty
            case .array(let layers): layers.isEmpty
            default: false
            }
        }
        try refuse("quantization_config", unless: "weights that are not quantized") { _ in false }
    }
}

extension ClosedRange<Int> {
    fileprivate var text: String { "\(lowerBound)...\(upperBound)" }
}
