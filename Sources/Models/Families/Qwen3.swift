/// Qwen3 (Yang et al. 2025): LLaMA with a norm in each head of queries and keys, whose width does not follow from the
/// hidden size.
extension ModelFamily {
    static let qwen3 = ModelFamily(
        modelTypes: ["qwen3"], prefixes: ["model."], formerEndings: [], usualFirstPosition: 0,
        configuration: { type, fields throws(ModelError) in
            var c = try fields.decoder(type, headWidth: 128)
            let hasBiases = try fields.json.bool("attention_bias") ?? false
            c.decoder?.hasBiases = hasBiases
            c.decoder?.hasOutputBias = hasBiases
            c.decoder?.hasHeadNorms = true
            c.decoder?.windows = try fields.switchedWindows(c.layers)
            return c
        },
        layout: { PreNormDecoder($0) }, isDecoder: true)
}
