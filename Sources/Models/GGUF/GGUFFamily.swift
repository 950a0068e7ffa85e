/// A family of decoders as llama.cpp stores it: by the name in `general.architecture`. A new one is an entry in `all`.
struct GGUFFamily: Sendable {
    /// In `general.architecture`, and before the keys of its numbers.
    let name: String
    /// `model_type` and `architectures` of config.json.
    let modelType: String
    let architecture: String
    /// Whether the rows of queries and keys stand in llama.cpp's order: pairs of a rotation side by side, where Hugging Face has
    /// the first halves of all pairs before the second.
    let pairsRows: Bool

    static let all = [
        GGUFFamily(name: "llama", modelType: "llama", architecture: "LlamaForCausalLM", pairsRows: true),
        GGUFFamily(name: "qwen2", modelType: "qwen2", architecture: "Qwen2ForCausalLM", pairsRows: false),
        GGUFFamily(name: "qwen3", modelType: "qwen3", architecture: "Qwen3ForCausalLM", pairsRows: false),
    ]

    /// Tensors of the whole model, in llama.cpp's words and in Hugging Face's.
    static let whole = [
        ("token_embd.weight", "model.embed_tokens.weight"), ("output_norm.weight", "model.norm.weight"),
        ("output.weight", "lm_head.weight"),
    ]

    /// Tensors of a layer below `blk.N.` and `model.layers.N.`, without `.weight` and `.bias`.
    static let layer = [
        ("attn_norm", "input_layernorm"), ("ffn_norm", "post_attention_layernorm"), ("attn_q", "self_attn.q_proj"),
        ("attn_k", "self_attn.k_proj"), ("attn_v", "self_attn.v_proj"), ("attn_output", "self_attn.o_proj"),
        ("attn_q_norm", "self_attn.q_norm"), ("attn_k_norm", "self_attn.k_norm"), ("ffn_gate", "mlp.gate_proj"),
        ("ffn_up", "mlp.up_proj"), ("ffn_down", "mlp.down_proj"),
    ]

    /// The name that Hugging Face has for a tensor; nil for an unknown one.
    static func name(of stored: String) -> String? {
        if let known = whole.first(where: { $0.0 == stored }) { return known.1 }
        let parts = stored.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0] == "blk", let number = Int(parts[1]), number >= 0, String(number) == parts[1],
            parts[3] == "weight" || parts[3] == "bias", let known = layer.first(where: { $0.0 == parts[2] })
        else { return nil }
        return "model.layers.\(number).\(known.1).\(parts[3])"
    }
}
