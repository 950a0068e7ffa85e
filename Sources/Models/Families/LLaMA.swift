/// LLaMA (Touvron et al. 2023; Dubey et al. 2024) and the models of its form, SmolLM among them.
extension ModelFamily {
    static let llama = ModelFamily(
        modelTypes: ["llama"], prefixes: ["model."], formerEndings: [], usualFirstPosition: 0,
        configuration: { type, fields throws(ModelError) in
            var c = try fields.decoder(type)
            let hasBiases = try fields.json.bool("attention_bias") ?? false
            c.decoder?.hasBiases = hasBiases
            c.decoder?.hasOutputBias = hasBiases
            try fields.refuseUnlessFalse("mlp_bias", "false: feed-forwards without biases")
            return c
        },
        layout: { PreNormDecoder($0) }, isDecoder: true)
}
