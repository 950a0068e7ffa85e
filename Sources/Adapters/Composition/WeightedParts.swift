import Models
import Numerics

/// h + Σₙ wₙ (oₙ − h), where oₙ is what part n makes of h alone.
struct WeightedParts: SitePlugin {
    private let children: [ComposedChild]
    private let weights: [Float]
    /// Of h: 1 − Σ wₙ.
    private let rest: Float
    /// What it is, for messages: "an average".
    private let name: String

    /// - Throws: `AdapterError.composition` for a prompt, which acts in no layer
    init(_ children: [ComposedChild], weights: [Double], of name: String) throws(AdapterError) {
        for (member, method) in children.flatMap(\.outline.adapters) where method.virtualTokens != nil {
            throw .composition(
                "adapter \(member.name): found \(method.virtualTokensText) in \(name), expected adapters that act in the layers; use stack"
            )
        }
        self.children = children
        self.weights = weights.map { Float($0) }
        self.name = name
        let rest = 1 - weights.reduce(0, +)
        self.rest = abs(rest) <= 1e-6 ? 0 : Float(rest)
    }

    func shift(at site: SiteSpec) throws -> SiteShift? {
        SiteShift(sum: try zip(children, weights).map { (try $0.plugin.shift(at: site), $1) })
    }

    func delta(at site: Site, _ context: SiteContext) throws -> SiteDelta? {
        let builder = context.builder
        let depth = context.depth
        let deltas = try children.map { try $0.delta(at: site, context) }
        guard deltas.contains(where: { $0.delta != nil }) else { return nil }
        try Self.refuseEnds(deltas, in: name)
        // Where every part adds once, only what they add is summed
        var sum: Value?
        for ((delta, own), weight) in zip(deltas, weights) {
            switch delta {
            case nil where own.depth == depth: continue
            case .dense(let value)? where own.depth == depth:
                sum = builder.append(
                    WeightedSum(
                        [sum, value].compactMap { $0 }, weights: sum == nil ? [weight] : [1, weight], in: builder))
            case .factored(let narrow, let up, let bias, let scale)? where own.depth == depth:
                sum = builder.append(
                    Linear(narrow, weight: up, bias: bias, residual: sum, scale: weight * scale, in: builder))
            default: return .replacement(try outputs(of: deltas, context))
            }
        }
        return sum.map { .dense($0) }
    }

    /// What takes the place of the sublayer's residual and norm is no output that could be added to others.
    static func refuseEnds(
        _ deltas: [(delta: SiteDelta?, site: SiteContext)], in name: String
    ) throws(AdapterError) {
        for (delta, site) in deltas {
            let ends = if case .end? = delta { true } else { site.hasEnded }
            guard ends else { continue }
            throw .composition(
                "an adapter of method reft, or with original_ln_after false, takes the place of the sublayer's residual and norm, which "
                    + "cannot be a part of \(name); use stack")
        }
    }

    /// (1 − Σ wₙ) h + Σ wₙ oₙ, for parts that multiply or add more than once.
    private func outputs(of deltas: [(delta: SiteDelta?, site: SiteContext)], _ context: SiteContext) throws -> Value {
        let h = try context.output()
        var outputs = try deltas.map { delta, own in
            // On a fork, since a single adapter shares the block's own view of the site
            let site = own.fork()
            if let delta { site.apply(delta) }
            return site.depth == context.depth ? h : try site.output()
        }
        var weights = weights
        if rest != 0 {
            outputs.append(h)
            weights.append(rest)
        }
        return context.builder.append(WeightedSum(outputs, weights: weights, in: context.builder))
    }

    func extraKeysValues(layer: Int, input: Value, _ builder: PlanBuilder) throws -> (
        keys: Value, values: Value, rows: Int
    )? {
        for child in children where try child.plugin.extraKeysValues(layer: layer, input: input, builder) != nil {
            throw AdapterError.composition(
                "\(child.outline.text): prefixes are keys and values of attention, which cannot be a part of \(name); use "
                    + "stack")
        }
        return nil
    }

    /// W + Σ wₙ ΔWₙ.
    static func merge(
        into projection: inout Projection, _ children: [(inout Projection) throws -> Void], weights: [Double]
    ) throws {
        let original = projection
        for (merge, weight) in zip(children, weights) {
            var one = original
            try merge(&one)
            for i in one.weight.indices { projection.weight[i] += Float(weight) * (one.weight[i] - original.weight[i]) }
            guard let bias = one.bias, let old = original.bias else { continue }
            for i in bias.indices { projection.bias?[i] += Float(weight) * (bias[i] - old[i]) }
        }
    }
}
