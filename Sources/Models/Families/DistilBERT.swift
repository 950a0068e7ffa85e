/// DistilBERT (Sanh et al. 2019): BERT without token types, with names and fields of its own.
///
/// Its attention output is not dropped, unlike BERT's. A position table that was made of sines is a tensor like any other.
extension ModelFamily {
    static let distilBERT = ModelFamily(
        modelTypes: ["distilbert"], prefixes: ["distilbert."], formerEndings: bert.formerEndings,
        usualFirstPosition: 0,
        configuration: { type, fields throws(ModelError) in
            let hidden = try fields.integer("dim", in: 1...65_536)
            var c = ModelConfiguration(
                family: type, hidden: hidden, layers: try fields.integer("n_layers", in: 1...1024),
                heads: try fields.heads("n_heads", hidden: hidden),
                intermediate: try fields.integer("hidden_dim", in: 1...1_048_576),
                vocabulary: try fields.integer("vocab_size", in: 1...16_777_216),
                positions: try fields.integer("max_position_embeddings", in: 1...1_048_576), types: 0)
            c.hiddenDropout = try fields.probability("dropout", default: 0.1)
            c.attentionDropout = try fields.probability("attention_dropout", default: 0.1)
            c.activation = try fields.activation("activation")
            try fields.refuseOtherComputation()
            return c
        },
        layout: { PostNormEncoder($0, names: .distilBERT, dropsAttentionOutput: false) })
}

extension PostNormEncoder.Names {
    static let distilBERT = PostNormEncoder.Names(
        words: "embeddings.word_embeddings", positions: "embeddings.position_embeddings", types: nil,
        embeddingNorm: "embeddings.LayerNorm", layers: "transformer.layer", query: "attention.q_lin",
        key: "attention.k_lin", value: "attention.v_lin", attentionOutput: "attention.out_lin",
        attentionNorm: "sa_layer_norm", intermediate: "ffn.lin1", feedForwardOutput: "ffn.lin2",
        feedForwardNorm: "output_layer_norm")
}
