/// ELECTRA's discriminator (Clark et al. 2020): BERT under another prefix, without a pooler.
///
/// The small models' embeddings are narrower than their layers, with a projection between the two, which is not built.
extension ModelFamily {
    static let electra = ModelFamily(
        modelTypes: ["electra"], prefixes: ["electra."], formerEndings: bert.formerEndings, usualFirstPosition: 0,
        configuration: { type, fields throws(ModelError) in
            let c = try bertConfiguration(type, fields, firstPosition: 0)
            let width = try fields.integer("embedding_size", in: 1...65_536, default: 128)
            guard width == c.hidden else {
                throw fields.json.unsupported("embedding_size", "\(width)", "\(c.hidden), the hidden_size")
            }
            return c
        },
        layout: { PostNormEncoder($0, names: .bert) })
}
