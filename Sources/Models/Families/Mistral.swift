/// Mistral (Jiang et al. 2023): LLaMA in which a token sees a window, if `sliding_window` is not null.
extension ModelFamily {
    static let mistral = ModelFamily(
        modelTypes: ["mistral"], prefixes: ["model."], formerEndings: [], usualFirstPosition: 0,
        configuration: { type, fields throws(ModelError) in
            var c = try fields.decoder(type)
            if !fields.isNull("sliding_window") {
                let window = try fields.integer("sliding_window", in: 1...16_777_216, default: 4096)
                c.decoder?.windows = Array(repeating: window, count: c.layers)
            }
            return c
        },
        layout: { PreNormDecoder($0) }, isDecoder: true)
}
