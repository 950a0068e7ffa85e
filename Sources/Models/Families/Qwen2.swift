/// Qwen2 and Qwen2.5 (Yang et al. 2024): LLaMA with biases of queries, keys and values, and windows in the upper layers
/// where they are switched on.
extension ModelFamily {
    static let qwen2 = ModelFamily(
        modelTypes: ["qwen2"], prefixes: ["model."], formerEndings: [], usualFirstPosition: 0,
        configuration: { type, fields throws(ModelError) in
            var c = try fields.decoder(type)
            c.decoder?.hasBiases = true
            c.decoder?.windows = try fields.switchedWindows(c.layers)
            return c
        },
        layout: { PreNormDecoder($0) }, isDecoder: true)
}
