/// How the names of a family's tensors differ from BERT's in AdapterHub's files. `AdapterHubNames` uses BERT's.
///
/// DistilBERT's modules are `transformer.layer.N.attention_adapters` and `…output_adapters` where BERT's are
/// `encoder.layer.N.attention.output` and `…output`.
struct AdapterHubSpelling: Sendable {
    /// What stands between the prefix and a layer's number.
    private let layers: String
    /// Beginnings of names within a layer, the longer of two first.
    private let modules: [(bert: String, theirs: String)]

    private static let bertLayers = "encoder.layer."

    /// nil: BERT's names.
    static func of(_ modelType: String) -> AdapterHubSpelling? { modelType == "distilbert" ? distilBERT : nil }

    private static let distilBERT = AdapterHubSpelling(
        layers: "transformer.layer.",
        modules: [
            ("attention.self.query.", "attention.q_lin."), ("attention.self.key.", "attention.k_lin."),
            ("attention.self.value.", "attention.v_lin."), ("attention.output.", "attention_adapters."),
            ("intermediate.dense.", "ffn.lin1."), ("output.dense.", "ffn.lin2."), ("output.", "output_adapters."),
        ])

    /// The family's name of a tensor that BERT's names call so.
    func theirs(_ bert: String) -> String {
        rewritten(bert, from: Self.bertLayers, to: layers, modules.map { ($0.bert, $0.theirs) })
    }

    /// BERT's name of a tensor of the family. A tensor with BERT's own name, which the family does not have, gets a name
    /// that means nothing.
    func bert(_ theirs: String) -> String {
        if theirs.contains(Self.bertLayers) { return rewritten(theirs, from: Self.bertLayers, to: layers, []) }
        return rewritten(theirs, from: layers, to: Self.bertLayers, modules.map { ($0.theirs, $0.bert) })
    }

    private func rewritten(
        _ name: String, from: String, to: String, _ modules: [(from: String, to: String)]
    ) -> String {
        guard let range = name.firstRange(of: from), let dot = name[range.upperBound...].firstIndex(of: ".") else {
            return name
        }
        let number = name[range.upperBound...dot]
        var rest = String(name[name.index(after: dot)...])
        if let module = modules.first(where: { rest.hasPrefix($0.from) }) {
            rest = module.to + rest.dropFirst(module.from.count)
        }
        return name[..<range.lowerBound] + to + number + rest
    }
}
