/// ModernBERT (Warner et al. 2024).
///
/// With the fields of config.json and their defaults as in `transformers` 4.57. A window of `local_attention` tokens reaches
/// half of it to each side. Dropout: `attention_dropout` on the probabilities and on the attention's output, `mlp_dropout`
/// before the feed-forward's last projection.
extension ModelFamily {
    static let modernBERT = ModelFamily(
        modelTypes: ["modernbert"], prefixes: ["model."], formerEndings: [], usualFirstPosition: 0,
        configuration: { type, fields throws(ModelError) in
            let hidden = try fields.integer("hidden_size", in: 1...65_536)
            var c = ModelConfiguration(
                family: type, hidden: hidden, layers: try fields.integer("num_hidden_layers", in: 1...1024),
                heads: try fields.heads("num_attention_heads", hidden: hidden),
                intermediate: try fields.integer("intermediate_size", in: 1...1_048_576),
                vocabulary: try fields.integer("vocab_size", in: 1...16_777_216),
                positions: try fields.integer("max_position_embeddings", in: 1...1_048_576), types: 0)
            guard hidden / c.heads % 2 == 0 else {
                throw fields.json.wrong(
                    "num_attention_heads", "\(c.heads)", "heads of an even width, for rotary positions")
            }
            c.hiddenDropout = try fields.probability("mlp_dropout", default: 0)
            c.attentionDropout = try fields.probability("attention_dropout", default: 0)
            c.epsilon = try fields.epsilon("norm_eps", default: 1e-5)
            c.activation = try fields.activation("hidden_activation")
            let global = try fields.positive("global_rope_theta", default: usualRotary.globalTheta)
            c.rotary = RotaryPositions(
                globalTheta: global,
                // null: as in the global layers
                localTheta: try fields.positive(
                    "local_rope_theta",
                    default: fields.isNull("local_rope_theta") ? global : usualRotary.localTheta),
                window: try fields.integer("local_attention", in: 1...1_048_576, default: 128) / 2,
                globalEvery: try fields.integer("global_attn_every_n_layers", in: 1...1024, default: 3))
            for field in ["norm_bias", "attention_bias", "mlp_bias"] {
                try fields.refuse(field, unless: "false: tensors without biases") {
                    if case .bool(false) = $0 { true } else { false }
                }
            }
            try fields.refuse("embedding_dropout", unless: "0") {
                switch $0 {
                case .integer(let rate): rate == 0
                case .number(let rate): rate == 0
                default: false
                }
            }
            // transformers 5 writes these in place of the fields above
            for field in ["rope_scaling", "rope_parameters", "layer_types"] {
                try fields.refuse(
                    field, unless: "global_rope_theta, local_rope_theta and global_attn_every_n_layers"
                ) { _ in false }
            }
            try fields.refuseOtherComputation()
            return c
        },
        layout: { PreNormEncoder($0, rotary: $0.rotary ?? usualRotary, names: .modernBERT) })

    private static let usualRotary = RotaryPositions(
        globalTheta: 160_000, localTheta: 10_000, window: 64, globalEvery: 3)
}

extension PreNormEncoder.Names {
    static let modernBERT = PreNormEncoder.Names(
        words: "embeddings.tok_embeddings", embeddingNorm: "embeddings.norm", layers: "layers",
        attentionNorm: "attn_norm", queryKeyValue: "attn.Wqkv", attentionOutput: "attn.Wo",
        feedForwardNorm: "mlp_norm", gatedIntermediate: "mlp.Wi", feedForwardOutput: "mlp.Wo", finalNorm: "final_norm")
}
