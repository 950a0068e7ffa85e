import Numerics

/// A Transformer encoder with a norm after each residual sum (Vaswani et al. 2017; Devlin et al. 2019), under the tensor
/// names of its family.
struct PostNormEncoder: EncoderLayout {
    /// Where the family keeps its tensors: names without `.weight` and `.bias`; those of a layer below `LAYERS.N.`.
    struct Names: Sendable {
        var words: String
        var positions: String
        /// nil: the family has no token types.
        var types: String?
        var embeddingNorm: String
        var layers: String
        var query: String
        var key: String
        var value: String
        var attentionOutput: String
        var attentionNorm: String
        var intermediate: String
        var feedForwardOutput: String
        var feedForwardNorm: String
    }

    private let configuration: ModelConfiguration
    private let names: Names
    private let dropsAttentionOutput: Bool

    /// - Parameter dropsAttentionOutput: whether dropout applies to the attention's output, as in BERT
    init(_ configuration: ModelConfiguration, names: Names, dropsAttentionOutput: Bool = true) {
        self.configuration = configuration
        self.names = names
        self.dropsAttentionOutput = dropsAttentionOutput
    }

    private func layer(_ i: Int, _ name: String) -> String { "\(names.layers).\(i).\(name)" }

    // MARK: As data

    var tensors: [TensorSpec] {
        let (d, f) = (configuration.hidden, configuration.intermediate)
        func norm(_ name: String) -> [TensorSpec] {
            [TensorSpec("\(name).weight", [d], decays: false), TensorSpec("\(name).bias", [d], decays: false)]
        }
        func dense(_ name: String, _ out: Int, _ input: Int) -> [TensorSpec] {
            [
                TensorSpec("\(name).weight", [out, input], decays: true),
                TensorSpec("\(name).bias", [out], decays: false),
            ]
        }
        var list = [
            TensorSpec("\(names.words).weight", [configuration.vocabulary, d], decays: true, isTable: true),
            TensorSpec("\(names.positions).weight", [configuration.positions, d], decays: true),
        ]
        if let types = names.types {
            list.append(TensorSpec("\(types).weight", [configuration.types, d], decays: true))
        }
        list += norm(names.embeddingNorm)
        for i in 0..<configuration.layers {
            for name in [names.query, names.key, names.value, names.attentionOutput] {
                list += dense(layer(i, name), d, d)
            }
            list += norm(layer(i, names.attentionNorm))
            list += dense(layer(i, names.intermediate), f, d)
            list += dense(layer(i, names.feedForwardOutput), d, f)
            list += norm(layer(i, names.feedForwardNorm))
        }
        return list
    }

    var sites: [SiteSpec] {
        let (d, f) = (configuration.hidden, configuration.intermediate)
        func projection(_ kind: Site.Kind, _ i: Int, _ name: String, _ input: Int, _ output: Int) -> SiteSpec {
            let name = layer(i, name)
            return SiteSpec(
                Site(kind, layer: i), input: input, output: output, weight: "\(name).weight", bias: "\(name).bias")
        }
        func norm(_ site: Site, _ name: String) -> SiteSpec {
            SiteSpec(site, input: d, output: d, weight: "\(name).weight", bias: "\(name).bias")
        }
        let layers = (0..<configuration.layers).flatMap { i in
            [
                projection(.query, i, names.query, d, d), projection(.key, i, names.key, d, d),
                projection(.value, i, names.value, d, d),
                projection(.attentionOutput, i, names.attentionOutput, d, d),
                SiteSpec(Site(.afterAttention, layer: i), input: d, output: d),
                norm(Site(.attentionNorm, layer: i), layer(i, names.attentionNorm)),
                projection(.intermediate, i, names.intermediate, d, f),
                projection(.feedForwardOutput, i, names.feedForwardOutput, f, d),
                SiteSpec(Site(.afterFeedForward, layer: i), input: d, output: d),
                norm(Site(.feedForwardNorm, layer: i), layer(i, names.feedForwardNorm)),
            ]
        }
        return [
            norm(Site(.embeddingNorm), names.embeddingNorm), SiteSpec(Site(.afterEmbeddings), input: d, output: d),
        ] + layers + [SiteSpec(Site(.beforeOutputEmbeddings), input: d, output: d)]
    }

    // MARK: As a plan

    func build(_ plan: EncoderPlan, firstOnly: Bool) throws -> (output: Value, hidden: [Value]) {
        var x = try embeddings(plan)
        var hidden = [x]
        for i in 0..<configuration.layers {
            // A head on the first token reads one row: the last layer needs all keys and values, but only that query
            x = try block(plan, i, x, firstOnly: firstOnly && i == configuration.layers - 1)
            hidden.append(x)
        }
        return (x, hidden)
    }

    private func embeddings(_ plan: EncoderPlan) throws -> Value {
        let builder = plan.builder
        let sum = builder.append(
            Embedding(
                words: try plan.tensor("\(names.words).weight"),
                positions: try plan.tensor("\(names.positions).weight"),
                types: try names.types.map { try plan.tensor("\($0).weight") },
                firstPosition: configuration.firstPosition, in: builder))
        var x = try plan.norm(.embeddingNorm).append(plan.site(Site(.embeddingSum), sum), in: builder)
        if let dropout = plan.hiddenDropout("embeddings") {
            x = builder.append(DropAdd(x, dropout: dropout, in: builder))
        }
        return try plan.site(Site(.afterEmbeddings), x)
    }

    private func block(_ plan: EncoderPlan, _ i: Int, _ x: Value, firstOnly: Bool) throws -> Value {
        let builder = plan.builder
        let extra = try plan.extraKeysValues(layer: i, input: x)
        let k = try plan.projection(.key, layer: i, x)
        let v = try plan.projection(.value, layer: i, x)
        let rows = firstOnly ? builder.append(Pool(x, .first, in: builder)) : x
        let q = try plan.projection(.query, layer: i, rows)
        let attended = builder.append(
            Attention(
                q: q, k: k, v: v, extra: extra, heads: configuration.heads,
                dropout: plan.attentionDropout("attention/\(i)"), in: builder))
        let (first, second) = (Site(.afterAttention, layer: i), Site(.afterFeedForward, layer: i))
        let attention = try plan.residual(
            first, try plan.projection(.attentionOutput, layer: i, attended), input: rows, residual: rows,
            norm: try plan.norm(.attentionNorm, layer: i),
            dropout: dropsAttentionOutput ? plan.hiddenDropout(first.name) : nil)
        let up = try plan.projection(.intermediate, layer: i, attention)
        let activated = builder.append(Activation(up, configuration.activation, in: builder))
        return try plan.residual(
            second, try plan.projection(.feedForwardOutput, layer: i, activated), input: attention,
            residual: attention, norm: try plan.norm(.feedForwardNorm, layer: i),
            dropout: plan.hiddenDropout(second.name))
    }
}
