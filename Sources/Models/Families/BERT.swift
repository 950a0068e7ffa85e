/// BERT (Devlin et al. 2019).
extension ModelFamily {
    static let bert = ModelFamily(
        modelTypes: ["bert"], prefixes: ["bert."],
        // The first files call a norm's weight gamma and its bias beta.
        formerEndings: [("LayerNorm.weight", "LayerNorm.gamma"), ("LayerNorm.bias", "LayerNorm.beta")],
        usualFirstPosition: 0,
        configuration: { type, fields throws(ModelError) in try bertConfiguration(type, fields, firstPosition: 0) },
        layout: { PostNormEncoder($0, names: .bert) })

    /// The numbers of BERT and of the families that kept its field names.
    static func bertConfiguration(
        _ type: String, _ fields: ConfigurationFields, firstPosition: Int
    ) throws(ModelError) -> ModelConfiguration {
        let hidden = try fields.integer("hidden_size", in: 1...65_536)
        var c = ModelConfiguration(
            family: type, hidden: hidden, layers: try fields.integer("num_hidden_layers", in: 1...1024),
            heads: try fields.heads("num_attention_heads", hidden: hidden),
            intermediate: try fields.integer("intermediate_size", in: 1...1_048_576),
            vocabulary: try fields.integer("vocab_size", in: 1...16_777_216),
            positions: try fields.integer("max_position_embeddings", in: 1...1_048_576),
            types: try fields.integer("type_vocab_size", in: 1...1024, default: 2))
        c.firstPosition = firstPosition
        c.hiddenDropout = try fields.probability("hidden_dropout_prob", default: 0.1)
        c.attentionDropout = try fields.probability("attention_probs_dropout_prob", default: 0.1)
        c.epsilon = try fields.epsilon("layer_norm_eps", default: 1e-12)
        c.activation = try fields.activation("hidden_act")
        try fields.refuseOtherComputation()
        return c
    }
}

extension PostNormEncoder.Names {
    static let bert = PostNormEncoder.Names(
        words: "embeddings.word_embeddings", positions: "embeddings.position_embeddings",
        types: "embeddings.token_type_embeddings", embeddingNorm: "embeddings.LayerNorm", layers: "encoder.layer",
        query: "attention.self.query", key: "attention.self.key", value: "attention.self.value",
        attentionOutput: "attention.output.dense", attentionNorm: "attention.output.LayerNorm",
        intermediate: "intermediate.dense", feedForwardOutput: "output.dense", feedForwardNorm: "output.LayerNorm")
}
