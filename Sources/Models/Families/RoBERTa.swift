/// RoBERTa (Liu et al. 2019) and XLM-R (Conneau et al. 2020): BERT with positions that start behind the padding token.
extension ModelFamily {
    static let roberta = ModelFamily(
        modelTypes: ["roberta", "xlm-roberta"], prefixes: ["roberta."], formerEndings: bert.formerEndings,
        usualFirstPosition: 2,
        configuration: { type, fields throws(ModelError) in
            try bertConfiguration(
                type, fields, firstPosition: try fields.integer("pad_token_id", in: 0...1_000_000, default: 1) + 1)
        },
        layout: { PostNormEncoder($0, names: .bert) })
}
