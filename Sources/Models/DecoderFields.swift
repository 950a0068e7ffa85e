import Files
import Numerics

/// The fields that the config.json files of LLaMA's relatives have in common.
///
/// Names and defaults as in `transformers` 4.57; what version 5 writes in their place (`rope_parameters`) is read too.
extension ConfigurationFields {
    /// - Parameters:
    ///   - theta: base of the rotary positions where the file does not say
    ///   - epsilon: of the norms where it does not say
    ///   - headWidth: of a head where it does not say; nil: the hidden size over the heads
    ///   - tied: whether the output layer is the word embeddings where it does not say
    func decoder(
        _ type: String, theta: Double = 10_000, epsilon: Float = 1e-6, headWidth: Int? = nil, tied: Bool = false
    ) throws(ModelError) -> ModelConfiguration {
        let hidden = try integer("hidden_size", in: 1...65_536)
        let heads = try integer("num_attention_heads", in: 1...1024)
        var c = ModelConfiguration(
            family: type, hidden: hidden, layers: try integer("num_hidden_layers", in: 1...1024), heads: heads,
            intermediate: try integer("intermediate_size", in: 1...1_048_576),
            vocabulary: try integer("vocab_size", in: 1...16_777_216),
            positions: try integer("max_position_embeddings", in: 1...16_777_216), types: 0)
        let keyHeads = try integer("num_key_value_heads", in: 1...1024, default: heads)
        guard heads % keyHeads == 0 else {
            throw json.wrong("num_key_value_heads", "\(keyHeads)", "a divisor of the \(heads) attention heads")
        }
        let head: Int
        if let width = headWidth ?? (json.value("head_dim") == nil ? nil : 0) {
            head = try integer("head_dim", in: 1...65_536, default: width)
        } else {
            head = hidden / (try self.heads("num_attention_heads", hidden: hidden))
        }
        guard head % 2 == 0 else {
            throw json.wrong("head_dim", "\(head)", "heads of an even width, for rotary positions")
        }
        var shape = DecoderShape(keyHeads: keyHeads, head: head)
        shape.theta = try rotaryTheta(default: theta)
        shape.isTied = try json.bool("tie_word_embeddings") ?? tied
        shape.ends = try tokenIDs("eos_token_id", below: c.vocabulary)
        c.decoder = shape
        c.hiddenDropout = 0
        c.attentionDropout = try probability("attention_dropout", default: 0)
        c.epsilon = try self.epsilon("rms_norm_eps", default: epsilon)
        c.activation = json.value("hidden_act") == nil ? .swish : try activation("hidden_act")
        try refuse("quantization_config", unless: "weights that are not quantized") { _ in false }
        return c
    }

    /// The base of the angles. Positions that are scaled beyond the trained length are refused by their kind's name.
    private func rotaryTheta(default fallback: Double) throws(ModelError) -> Double {
        for field in ["rope_scaling", "rope_parameters"] {
            guard let value = json.value(field) else { continue }
            guard case .object(let members) = value else { throw json.wrong(field, value.summary, "an object or null") }
            // The kind first: the other members are its own
            for (key, kind) in members where key == "rope_type" || key == "type" {
                guard case .string("default") = kind else {
                    throw json.unsupported("\(field).\(key)", kind.summary, "\"default\"")
                }
            }
            var theta: Double?
            for (key, value) in members {
                switch (key, value) {
                case ("rope_type", _), ("type", _), (_, .null): break
                case ("rope_theta", .integer(let number)): theta = Double(number)
                case ("rope_theta", .number(let number)): theta = number
                default: throw json.unsupported("\(field).\(key)", value.summary, "rope_type and rope_theta")
                }
            }
            if let theta {
                guard theta > 0, theta.isFinite else {
                    throw json.wrong("\(field).rope_theta", "\(theta)", "a number over 0")
                }
                return theta
            }
        }
        return try positive("rope_theta", default: fallback)
    }

    /// One id or a list of them; ids that the model does not have are none of its own.
    func tokenIDs(_ field: String, below vocabulary: Int) throws(ModelError) -> [Int] {
        guard let value = json.value(field) else { return [] }
        var values = [value]
        if case .array(let list) = value { values = list }
        var ids: [Int] = []
        for each in values {
            guard case .integer(let id) = each else { throw json.wrong(field, each.summary, "a token's id") }
            if (0..<vocabulary).contains(id) { ids.append(id) }
        }
        return ids
    }

    /// Of each layer whether it sees a window, as `layer_types` says; nil: the file does not say.
    func windowedLayers(_ layers: Int) throws(ModelError) -> [Bool]? {
        guard let value = json.value("layer_types") else { return nil }
        guard case .array(let kinds) = value, kinds.count == layers else {
            throw json.wrong("layer_types", value.summary, "a list of \(layers), one for each layer")
        }
        var windowed: [Bool] = []
        for kind in kinds {
            switch kind {
            case .string("full_attention"): windowed.append(false)
            case .string("sliding_attention"): windowed.append(true)
            default: throw json.unsupported("layer_types", kind.summary, "full_attention or sliding_attention")
            }
        }
        return windowed
    }

    /// Qwen's windows: only if they are switched on, and by default in the upper layers.
    func switchedWindows(_ layers: Int) throws(ModelError) -> [Int?] {
        let window = try integer("sliding_window", in: 1...16_777_216, default: 4096)
        let first = try integer("max_window_layers", in: 0...1_000_000, default: 28)
        let isOn = try json.bool("use_sliding_window") ?? false
        let windowed = try windowedLayers(layers) ?? (0..<layers).map { isOn && $0 >= first }
        return windowed.map { $0 && isOn ? window : nil }
    }

    func refuseUnlessFalse(_ field: String, _ supported: String) throws(ModelError) {
        try refuse(field, unless: supported) { if case .bool(false) = $0 { true } else { false } }
    }
}
