import Numerics

/// Where tokens stand in a model with rotary positions, and what they see: every few layers all tokens, in the others only
/// a window.
package struct RotaryPositions: Equatable, Sendable {
    /// Base θ of the angles in layers that see all tokens, and in the others.
    package var globalTheta: Double
    package var localTheta: Double
    /// A token of a local layer sees those at most so far away.
    package var window: Int
    /// Layers 0, n, 2n … are global.
    package var globalEvery: Int

    package func isGlobal(_ layer: Int) -> Bool { layer % globalEvery == 0 }
}

/// A Transformer encoder with a norm before each sublayer (Xiong et al. 2020), rotary positions, gated feed-forwards, and
/// layers that see a window between layers that see all (Warner et al. 2024). No biases.
///
/// One tensor holds the queries', keys' and values' projections; each is a site of its own, over its rows. The gated
/// projection is one site, whose output is the activated half and then the gate.
struct PreNormEncoder: EncoderLayout {
    /// Where the family keeps its tensors: names without `.weight`; those of a layer below `LAYERS.N.`.
    struct Names: Sendable {
        var words: String
        var embeddingNorm: String
        var layers: String
        /// The first layer has none: its input is the embeddings' norm.
        var attentionNorm: String
        var queryKeyValue: String
        var attentionOutput: String
        var feedForwardNorm: String
        var gatedIntermediate: String
        var feedForwardOutput: String
        var finalNorm: String
    }

    private let configuration: ModelConfiguration
    private let rotary: RotaryPositions
    private let names: Names

    init(_ configuration: ModelConfiguration, rotary: RotaryPositions, names: Names) {
        self.configuration = configuration
        self.rotary = rotary
        self.names = names
    }

    private func layer(_ i: Int, _ name: String) -> String { "\(names.layers).\(i).\(name)" }

    // MARK: As data

    var tensors: [TensorSpec] {
        let (d, f) = (configuration.hidden, configuration.intermediate)
        func norm(_ name: String) -> TensorSpec { TensorSpec("\(name).weight", [d], decays: false) }
        func dense(_ name: String, _ out: Int, _ input: Int) -> TensorSpec {
            TensorSpec("\(name).weight", [out, input], decays: true)
        }
        let layers = (0..<configuration.layers).flatMap { i in
            (i == 0 ? [] : [norm(layer(i, names.attentionNorm))]) + [
                dense(layer(i, names.queryKeyValue), 3 * d, d), dense(layer(i, names.attentionOutput), d, d),
                norm(layer(i, names.feedForwardNorm)), dense(layer(i, names.gatedIntermediate), 2 * f, d),
                dense(layer(i, names.feedForwardOutput), d, f),
            ]
        }
        let words = TensorSpec("\(names.words).weight", [configuration.vocabulary, d], decays: true, isTable: true)
        return [words, norm(names.embeddingNorm)] + layers + [norm(names.finalNorm)]
    }

    var sites: [SiteSpec] {
        let (d, f) = (configuration.hidden, configuration.intermediate)
        func norm(_ site: Site, _ name: String) -> SiteSpec {
            SiteSpec(site, input: d, output: d, weight: "\(name).weight")
        }
        let layers = (0..<configuration.layers).flatMap { i in
            let fused: [Site.Kind] = [.query, .key, .value]
            let before = i == 0 ? [] : [norm(Site(.attentionNorm, layer: i), layer(i, names.attentionNorm))]
            return before
                + fused.enumerated().map { part, kind in
                    SiteSpec(
                        Site(kind, layer: i), input: d, output: d, weight: "\(layer(i, names.queryKeyValue)).weight",
                        rows: part * d..<(part + 1) * d)
                } + [
                    SiteSpec(
                        Site(.attentionOutput, layer: i), input: d, output: d,
                        weight: "\(layer(i, names.attentionOutput)).weight"),
                    SiteSpec(Site(.afterAttention, layer: i), input: d, output: d),
                    norm(Site(.feedForwardNorm, layer: i), layer(i, names.feedForwardNorm)),
                    SiteSpec(
                        Site(.intermediate, layer: i), input: d, output: 2 * f,
                        weight: "\(layer(i, names.gatedIntermediate)).weight"),
                    SiteSpec(
                        Site(.feedForwardOutput, layer: i), input: f, output: d,
                        weight: "\(layer(i, names.feedForwardOutput)).weight"),
                    SiteSpec(Site(.afterFeedForward, layer: i), input: d, output: d),
                ]
        }
        return [
            norm(Site(.embeddingNorm), names.embeddingNorm), SiteSpec(Site(.afterEmbeddings), input: d, output: d),
        ] + layers + [
            norm(Site(.finalNorm), names.finalNorm), SiteSpec(Site(.beforeOutputEmbeddings), input: d, output: d),
        ]
    }

    // MARK: As a plan

    func build(_ plan: EncoderPlan, firstOnly: Bool) throws -> (output: Value, hidden: [Value]) {
        let head = configuration.hidden / configuration.heads
        func table(_ theta: Double) -> RotaryTable {
            RotaryTable(positions: configuration.positions, head: head, theta: theta)
        }
        let global = table(rotary.globalTheta)
        let local = rotary.localTheta == rotary.globalTheta ? global : table(rotary.localTheta)
        var x = try embeddings(plan)
        var hidden = [x]
        for i in 0..<configuration.layers {
            // A head on the first token reads one row: the last layer needs all keys and values, but only that query
            x = try block(
                plan, i, x, positions: rotary.isGlobal(i) ? global : local,
                firstOnly: firstOnly && i == configuration.layers - 1)
            hidden.append(x)
        }
        return (try plan.norm(.finalNorm).append(x, in: plan.builder), hidden)
    }

    private func embeddings(_ plan: EncoderPlan) throws -> Value {
        let words = plan.builder.append(
            Embedding(
                words: try plan.tensor("\(names.words).weight"), positions: nil, types: nil, in: plan.builder))
        let x = try plan.norm(.embeddingNorm).append(plan.site(Site(.embeddingSum), words), in: plan.builder)
        return try plan.site(Site(.afterEmbeddings), x)
    }

    private func block(
        _ plan: EncoderPlan, _ i: Int, _ x: Value, positions: RotaryTable, firstOnly: Bool
    ) throws -> Value {
        let builder = plan.builder
        func first(_ value: Value) -> Value { firstOnly ? builder.append(Pool(value, .first, in: builder)) : value }
        let normed =
            i == 0 ? x : try plan.norm(.attentionNorm, layer: i).append(x, in: builder)
        let extra = try plan.extraKeysValues(layer: i, input: normed)
        let k = builder.append(Rotary(try plan.projection(.key, layer: i, normed), positions, in: builder))
        let v = try plan.projection(.value, layer: i, normed)
        let rows = first(normed)
        let residual = i == 0 ? rows : first(x)
        let query = try plan.projection(.query, layer: i, rows)
        // The first token stands at position 0, where nothing is turned
        let q = firstOnly ? query : builder.append(Rotary(query, positions, in: builder))
        let attended = builder.append(
            Attention(
                q: q, k: k, v: v, extra: extra, heads: configuration.heads,
                mask: rotary.isGlobal(i) ? .none : .window(rotary.window),
                dropout: plan.attentionDropout("attention/\(i)"), in: builder))
        let site = Site(.afterAttention, layer: i)
        let attention = try plan.residual(
            site, try plan.projection(.attentionOutput, layer: i, attended), input: rows, residual: residual,
            norm: nil, dropout: plan.attentionDropout(site.name))
        let inner = try plan.norm(.feedForwardNorm, layer: i).append(attention, in: builder)
        let up = try plan.projection(.intermediate, layer: i, inner)
        var gated = builder.append(GatedActivation(up, configuration.activation, in: builder))
        if let dropout = plan.hiddenDropout("gated/\(i)") {
            gated = builder.append(DropAdd(gated, dropout: dropout, in: builder))
        }
        return try plan.residual(
            Site(.afterFeedForward, layer: i), try plan.projection(.feedForwardOutput, layer: i, gated),
            input: inner, residual: attention, norm: nil, dropout: nil)
    }
}
