import Foundation
import Numerics

/// A Transformer decoder with a norm by the root of the mean square before each sublayer, rotary positions, gated
/// feed-forwards, and heads of queries that share keys and values (Touvron et al. 2023; Ainslie et al. 2023). A token sees
/// itself and those before it, in some families only a window of them.
struct PreNormDecoder: EncoderLayout {
    /// Where the family keeps its tensors: names without `.weight` and `.bias`; those of a layer below `LAYERS.N.`.
    struct Names: Sendable {
        var words = "embed_tokens"
        var layers = "layers"
        var attentionNorm = "input_layernorm"
        var query = "self_attn.q_proj"
        var key = "self_attn.k_proj"
        var value = "self_attn.v_proj"
        var queryNorm = "self_attn.q_norm"
        var keyNorm = "self_attn.k_norm"
        var attentionOutput = "self_attn.o_proj"
        var feedForwardNorm = "post_attention_layernorm"
        var gate = "mlp.gate_proj"
        var intermediate = "mlp.up_proj"
        var feedForwardOutput = "mlp.down_proj"
        var finalNorm = "norm"
        /// Not below the model's prefix.
        var output = "lm_head"
    }

    private let configuration: ModelConfiguration
    private let shape: DecoderShape
    private let names: Names
    private let positions: RotaryTables

    init(_ configuration: ModelConfiguration, names: Names = Names()) {
        self.configuration = configuration
        self.names = names
        let shape =
            configuration.decoder
            ?? DecoderShape(
                keyHeads: max(1, configuration.heads), head: configuration.hidden / max(1, configuration.heads))
        self.shape = shape
        positions = RotaryTables(positions: configuration.positions, head: shape.head, theta: shape.theta)
    }

    private func layer(_ i: Int, _ name: String) -> String { "\(names.layers).\(i).\(name)" }

    /// Columns of a token's queries.
    private var queryWidth: Int { max(1, configuration.heads) * shape.head }

    var norm: Norm.Kind { .rootMeanSquare }

    // MARK: As data

    /// A projection: its site's role, name, widths, and whether it has a bias.
    private var projections: [(kind: Site.Kind, name: String, input: Int, output: Int, hasBias: Bool)] {
        let (d, f, q, k) = (configuration.hidden, configuration.intermediate, queryWidth, shape.keyWidth)
        return [
            (.query, names.query, d, q, shape.hasBiases), (.key, names.key, d, k, shape.hasBiases),
            (.value, names.value, d, k, shape.hasBiases),
            (.attentionOutput, names.attentionOutput, q, d, shape.hasOutputBias),
            (.gate, names.gate, d, f, false), (.intermediate, names.intermediate, d, f, false),
            (.feedForwardOutput, names.feedForwardOutput, f, d, false),
        ]
    }

    var tensors: [TensorSpec] {
        let d = configuration.hidden
        func norm(_ name: String, _ width: Int) -> TensorSpec { TensorSpec("\(name).weight", [width], decays: false) }
        var list = [TensorSpec("\(names.words).weight", [configuration.vocabulary, d], decays: true, isTable: true)]
        for i in 0..<configuration.layers {
            list.append(norm(layer(i, names.attentionNorm), d))
            for each in projections {
                list.append(TensorSpec("\(layer(i, each.name)).weight", [each.output, each.input], decays: true))
                if each.hasBias { list.append(TensorSpec("\(layer(i, each.name)).bias", [each.output], decays: false)) }
            }
            if shape.hasHeadNorms {
                list += [norm(layer(i, names.queryNorm), shape.head), norm(layer(i, names.keyNorm), shape.head)]
            }
            list.append(norm(layer(i, names.feedForwardNorm), d))
        }
        list.append(norm(names.finalNorm, d))
        if !shape.isTied {
            list.append(
                TensorSpec("\(names.output).weight", [configuration.vocabulary, d], decays: true, standsApart: true))
        }
        return list
    }

    var sites: [SiteSpec] {
        let d = configuration.hidden
        func norm(_ site: Site, _ name: String) -> SiteSpec {
            SiteSpec(site, input: d, output: d, weight: "\(name).weight")
        }
        let layers = (0..<configuration.layers).flatMap { i -> [SiteSpec] in
            let own = projections.map { each in
                SiteSpec(
                    Site(each.kind, layer: i), input: each.input, output: each.output,
                    weight: "\(layer(i, each.name)).weight", bias: each.hasBias ? "\(layer(i, each.name)).bias" : nil)
            }
            var sites = [norm(Site(.attentionNorm, layer: i), layer(i, names.attentionNorm))] + own.prefix(4)
            sites.append(SiteSpec(Site(.afterAttention, layer: i), input: d, output: d))
            sites.append(norm(Site(.feedForwardNorm, layer: i), layer(i, names.feedForwardNorm)))
            return sites + own.dropFirst(4) + [SiteSpec(Site(.afterFeedForward, layer: i), input: d, output: d)]
        }
        return [SiteSpec(Site(.afterEmbeddings), input: d, output: d)] + layers + [
            norm(Site(.finalNorm), names.finalNorm), SiteSpec(Site(.beforeOutputEmbeddings), input: d, output: d),
        ]
    }

    var outputTable: String? { "\(shape.isTied ? names.words : names.output).weight" }

    // MARK: As a plan

    func build(_ plan: EncoderPlan, firstOnly: Bool) throws -> (output: Value, hidden: [Value]) {
        let words = plan.builder.append(
            Embedding(
                words: try plan.tensor("\(names.words).weight"), positions: nil, types: nil, in: plan.builder))
        var x = try plan.site(Site(.afterEmbeddings), plan.site(Site(.embeddingSum), words))
        var hidden = [x]
        for i in 0..<configuration.layers {
            x = try block(plan, i, x)
            hidden.append(x)
        }
        x = try plan.norm(.finalNorm).append(x, in: plan.builder)
        return (firstOnly ? plan.builder.append(Pool(x, .first, in: plan.builder)) : x, hidden)
    }

    private func block(_ plan: EncoderPlan, _ i: Int, _ x: Value) throws -> Value {
        let builder = plan.builder
        let normed = try plan.norm(.attentionNorm, layer: i).append(x, in: builder)
        let attended = builder.append(
            Attention(
                q: try placed(plan, .query, names.queryNorm, i, normed),
                k: try placed(plan, .key, names.keyNorm, i, normed),
                v: try plan.projection(.value, layer: i, normed),
                extra: try plan.extraKeysValues(layer: i, input: normed), heads: configuration.heads,
                keyHeads: shape.keyHeads, mask: .causal(window: shape.window(i).map { $0 - 1 }), layer: i,
                dropout: plan.attentionDropout("attention/\(i)"), in: builder))
        let attention = try plan.residual(
            Site(.afterAttention, layer: i), try plan.projection(.attentionOutput, layer: i, attended), input: normed,
            residual: x, norm: nil, dropout: nil)
        let inner = try plan.norm(.feedForwardNorm, layer: i).append(attention, in: builder)
        let gated = builder.append(
            GatedProduct(
                try plan.projection(.gate, layer: i, inner), try plan.projection(.intermediate, layer: i, inner),
                configuration.activation, in: builder))
        return try plan.residual(
            Site(.afterFeedForward, layer: i), try plan.projection(.feedForwardOutput, layer: i, gated),
            input: inner, residual: attention, norm: nil, dropout: nil)
    }

    /// Queries or keys with their heads' norms, if there are any, and positions.
    private func placed(_ plan: EncoderPlan, _ kind: Site.Kind, _ norm: String, _ i: Int, _ x: Value) throws -> Value {
        let builder = plan.builder
        var y = try plan.projection(kind, layer: i, x)
        if shape.hasHeadNorms {
            let gamma = try plan.tensor("\(layer(i, norm)).weight")
            y = builder.append(RMSNorm(y, gamma: gamma, epsilon: configuration.epsilon, in: builder))
        }
        return builder.append(Rotary(y, positions.table, in: builder))
    }
}

/// The table of a model's positions: made when the first plan asks, and shared by all.
private final class RotaryTables: @unchecked Sendable {  // guarded by its lock
    private let lock = NSLock()
    private let make: () -> RotaryTable
    private var made: RotaryTable?

    init(positions: Int, head: Int, theta: Double) {
        make = { RotaryTable(positions: positions, head: head, theta: theta) }
    }

    var table: RotaryTable {
        lock.withLock {
            let table = made ?? make()
            made = table
            return table
        }
    }
}
