import Files
import Numerics

/// The fields of a config.json, each with the range that it may have.
struct ConfigurationFields {
    let json: ModelJSON

    /// - Parameter fallback: the value if the field is missing; nil: the field is required
    func integer(_ field: String, in range: ClosedRange<Int>, default fallback: Int? = nil) throws(ModelError) -> Int {
        let expected = "an integer in \(range.lowerBound)...\(range.upperBound)"
        guard let raw = json.value(field) else {
            if let fallback { return fallback }
            throw json.wrong(field, "nothing", expected)
        }
        let value: Int? =
            switch raw {
            case .integer(let value): value
            case .number(let value): Int(exactly: value)
            default: nil
            }
        guard let value, range.contains(value) else { throw json.wrong(field, raw.summary, expected) }
        return value
    }

    /// The number of attention heads, which share the hidden size equally.
    func heads(_ field: String, hidden: Int) throws(ModelError) -> Int {
        let heads = try integer(field, in: 1...1024)
        guard hidden % heads == 0 else {
            throw json.wrong(field, "\(heads)", "a divisor of the hidden size \(hidden)")
        }
        return heads
    }

    private func number(_ field: String, _ expected: String, _ isRight: (Float) -> Bool) throws(ModelError) -> Float? {
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

    func probability(_ field: String, default fallback: Float) throws(ModelError) -> Float {
        try number(field, "a probability in 0..<1") { $0 >= 0 && $0 < 1 } ?? fallback
    }

    func epsilon(_ field: String, default fallback: Float) throws(ModelError) -> Float {
        try number(field, "a number in 0..1") { $0 > 0 && $0 < 1 } ?? fallback
    }

    /// A number over 0 with all its digits.
    func positive(_ field: String, default fallback: Double) throws(ModelError) -> Double {
        guard let raw = json.value(field) else { return fallback }
        let value: Double? =
            switch raw {
            case .integer(let value): Double(value)
            case .number(let value): value
            default: nil
            }
        guard let value, value > 0, value.isFinite else { throw json.wrong(field, raw.summary, "a number over 0") }
        return value
    }

    /// Whether a field is there and null.
    func isNull(_ field: String) -> Bool {
        json.members.contains { member in
            if member.key == field, case .null = member.value { true } else { false }
        }
    }

    /// Every name of `transformers` for what we compute. gelu_new, gelu_fast and the others are one function there.
    private static let activations: [(name: String, kind: ActivationKind)] = [
        ("gelu", .gelu), ("gelu_python", .gelu), ("gelu_new", .geluTanh), ("gelu_fast", .geluTanh),
        ("gelu_pytorch_tanh", .geluTanh), ("gelu_python_tanh", .geluTanh), ("gelu_accurate", .geluTanh),
        ("relu", .relu), ("silu", .swish), ("swish", .swish), ("tanh", .tanh),
    ]

    func activation(_ field: String) throws(ModelError) -> ActivationKind {
        guard let value = json.value(field) else { return .gelu }
        guard case .string(let word) = value, let known = Self.activations.first(where: { $0.name == word }) else {
            throw json.unsupported(
                field, value.summary, Self.activations.map(\.name).joined(separator: ", "))
        }
        return known.kind
    }

    /// Refuses a field with which `transformers` computes something else from the same tensors.
    func refuse(_ field: String, unless supported: String, _ isRight: (JSONValue) -> Bool) throws(ModelError) {
        guard let value = json.value(field), !isRight(value) else { return }
        throw json.unsupported(field, value.summary, supported)
    }

    /// Refuses the fields that do so in every family.
    func refuseOtherComputation() throws(ModelError) {
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
