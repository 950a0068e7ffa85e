import Numerics

/// Lays a BERT-family encoder (Devlin et al. 2019; post-norm blocks as transformers' modeling_bert) into a plan.
package struct EncoderPlan {
    private let model: EncoderModel
    private let operand: OperandTable
    private let plugin: any SitePlugin
    private let builder: PlanBuilder
    private let dropout: Bool
    private var c: EncoderConfiguration { model.configuration }

    /// - Parameters:
    ///   - operand: tensors by `EncoderTensors` names under "base/"; trainable ones overlay the model's own.
    ///   - dropout: whether the base drops in training as config.json says; off, everything below the lowest site is
    ///     constant.
    package init(
        _ model: EncoderModel, operand: OperandTable, plugin: any SitePlugin, dropout: Bool, in builder: PlanBuilder
    ) {
        self.model = model
        self.operand = operand
        self.plugin = plugin
        self.builder = builder
        self.dropout = dropout
    }

    /// - Parameter pooling: what a head reads; nil: every token.
    /// - Returns: the last hidden states [tokens, hidden], or one row a sequence; and each layer's own, embeddings first.
    package func build(pooling: Pool.Kind?) throws -> (output: Value, hidden: [Value]) {
        var x = try embeddings()
        var hidden = [x]
        for layer in 0..<c.layers {
            // A head on the first token reads one row: the last layer needs all keys and values, but only that query
            x = try block(layer, x, firstOnly: pooling == .first && layer == c.layers - 1)
            hidden.append(x)
        }
        if pooling == .mean { x = builder.append(Pool(x, .mean, in: builder)) }
        return (x, hidden)
    }

    private func tensor(_ name: String) throws -> Operand { try operand("base/\(name)") }

    private func drop(_ site: String, attention: Bool = false) -> DropoutSite {
        DropoutSite(site: site, rate: dropout ? (attention ? c.attentionDropout : c.hiddenDropout) : 0)
    }

    private func norm(_ x: Value, _ name: String) throws -> Value {
        builder.append(
            LayerNorm(
                x, gamma: try tensor("\(name).weight"), beta: try tensor("\(name).bias"), epsilon: c.epsilon,
                in: builder))
    }

    private func linear(_ x: Value, _ name: String) throws -> Value {
        builder.append(
            Linear(x, weight: try tensor("\(name).weight"), bias: try tensor("\(name).bias"), in: builder))
    }

    private func embeddings() throws -> Value {
        let sum = builder.append(
            Embedding(
                words: try tensor(EncoderTensors.words),
                positions: try tensor("embeddings.position_embeddings.weight"),
                types: try tensor("embeddings.token_type_embeddings.weight"), firstPosition: c.firstPosition,
                in: builder))
        var x = try norm(sum, "embeddings.LayerNorm")
        if dropout, c.hiddenDropout > 0 {
            x = builder.append(DropAdd(x, dropout: drop("embeddings"), in: builder))
        }
        let context = SiteContext(site: Site(.afterEmbeddings), builder: builder, input: x, output: { x })
        return try applied(context)
    }

    /// A site without residual: its output, changed by what acts there.
    private func applied(_ context: SiteContext) throws -> Value {
        guard let delta = try plugin.delta(at: context.site, context) else { return try context.output() }
        return delta.applied(to: try context.output(), in: builder)
    }

    private func projection(_ kind: Site.Kind, layer: Int, _ x: Value, _ name: String) throws -> Value {
        let context = SiteContext(
            site: Site(kind, layer: layer), builder: builder, input: x, output: { try linear(x, name) })
        return try applied(context)
    }

    /// out = LN(dropout(y) + input), with a site between the sum and the norm.
    private func residual(_ kind: Site.Kind, layer: Int, _ y: Value, input: Value, norm name: String) throws -> Value {
        let site = Site(kind, layer: layer)
        let dropping = drop(site.name)
        let context = SiteContext(
            site: site, builder: builder, input: input,
            output: {
                dropout && c.hiddenDropout > 0 ? builder.append(DropAdd(y, dropout: dropping, in: builder)) : y
            },
            sum: { output in
                let drop = output == nil ? dropping : .none
                return builder.append(DropAdd(output ?? y, residual: input, dropout: drop, in: builder))
            },
            normalized: { try norm($0, name) })
        guard let delta = try plugin.delta(at: site, context) else { return try context.normalized() }
        if case .replacement(let h) = delta {
            return try norm(builder.append(DropAdd(h, residual: input, dropout: .none, in: builder)), name)
        }
        return try norm(delta.applied(to: context.sum(), in: builder), name)
    }

    private func block(_ i: Int, _ x: Value, firstOnly: Bool) throws -> Value {
        let layer = EncoderTensors.layer(i)
        let extra = try plugin.extraKeysValues(layer: i, builder)
        let k = try projection(.key, layer: i, x, "\(layer).attention.self.key")
        let v = try projection(.value, layer: i, x, "\(layer).attention.self.value")
        let rows = firstOnly ? builder.append(Pool(x, .first, in: builder)) : x
        let q = try projection(.query, layer: i, rows, "\(layer).attention.self.query")
        let attended = builder.append(
            Attention(
                q: q, k: k, v: v, extra: extra, heads: c.heads, dropout: drop("attention/\(i)", attention: true),
                in: builder))
        let attention = try residual(
            .afterAttention, layer: i,
            try projection(.attentionOutput, layer: i, attended, "\(layer).attention.output.dense"), input: rows,
            norm: "\(layer).attention.output.LayerNorm")
        let up = try projection(.intermediate, layer: i, attention, "\(layer).intermediate.dense")
        let activated = builder.append(Activation(up, c.activation, in: builder))
        return try residual(
            .afterFeedForward, layer: i,
            try projection(.feedForwardOutput, layer: i, activated, "\(layer).output.dense"), input: attention,
            norm: "\(layer).output.LayerNorm")
    }
}
