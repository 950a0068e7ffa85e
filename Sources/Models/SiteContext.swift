import Numerics

/// A norm with what acts on it, wherever the model or a method applies it.
struct Norm {
    let spec: SiteSpec
    let gamma: Operand
    /// nil: none
    let beta: Operand?
    let epsilon: Float
    var kind = Kind.layer
    let plugin: any SitePlugin

    enum Kind: Sendable {
        case layer
        /// By the root of the mean square, without a mean or a bias
        case rootMeanSquare
    }

    func append(_ x: Value, in builder: PlanBuilder) throws -> Value {
        var y: Value
        switch kind {
        case .layer: y = builder.append(LayerNorm(x, gamma: gamma, beta: beta, epsilon: epsilon, in: builder))
        case .rootMeanSquare:
            y = builder.append(RMSNorm(x, gamma: gamma, epsilon: epsilon, in: builder))
            // Only a method adds one
            if let beta {
                let row = builder.append(RepeatedTensor(beta, rows: y.rows, in: builder))
                y = builder.append(DropAdd(row, residual: y, dropout: .none, in: builder))
            }
        }
        return try SiteContext(spec, Sublayer(input: x, output: y), weight: gamma, bias: beta, in: builder)
            .result(of: plugin)
    }
}

/// What a sublayer computes around a site: norm(dropout(output) + residual), with those of the three that it has.
struct Sublayer {
    /// What the sublayer or projection reads.
    let input: Value
    /// Before dropout, residual and norm.
    let output: Value
    var dropout: DropoutSite?
    /// The value that the output is added to. In a block with its norm after the sum, this is also the input.
    var residual: Value?
    /// After the sum with the residual.
    var norm: Norm?
}

/// What the model shows a method at a site. Operations are only appended if a method asks for their values.
///
/// If several methods act on each other, each sees the site as the former one leaves it (`apply`).
package final class SiteContext {
    package let spec: SiteSpec
    package let builder: PlanBuilder
    /// The projection's weight [out, in] and bias [out], or a norm's [width] both; nil where the site is neither.
    package let weight: Operand?
    package let bias: Operand?
    let sublayer: Sublayer
    /// One state per method that has acted, the bare sublayer's first.
    private var states = [State()]

    /// What is known of the site after a delta.
    private struct State {
        /// nil: the bare sublayer.
        var delta: SiteDelta?
        var output: Value?
        var sum: Value?
        var normalized: Value?
    }

    init(
        _ spec: SiteSpec, _ sublayer: Sublayer, weight: Operand? = nil, bias: Operand? = nil, in builder: PlanBuilder
    ) {
        self.spec = spec
        self.sublayer = sublayer
        self.weight = weight
        self.bias = bias
        self.builder = builder
    }

    /// A site that only shows a value.
    package convenience init(_ site: Site, _ x: Value, in builder: PlanBuilder) {
        self.init(SiteSpec(site, input: x.width, output: x.width), Sublayer(input: x, output: x), in: builder)
    }

    package var site: Site { spec.site }
    /// What the sublayer or projection reads.
    package var input: Value { sublayer.input }
    /// The value that the sublayer's output is added to; nil at a projection.
    package var residual: Value? { sublayer.residual }

    /// h: the sublayer's output after dropout, before residual and norm.
    package func output() throws -> Value { output(states.count - 1) }

    /// h + residual. At a projection, which has no residual, h itself.
    package func sum() throws -> Value { sum(states.count - 1) }

    /// LN(h + residual), by the block's own norm. At a projection h itself.
    package func normalized() throws -> Value {
        let top = states.count - 1
        if let known = states[top].normalized { return known }
        guard let norm = sublayer.norm, !isAtEnd(top) else { return try sum() }
        let value = try norm.append(try sum(), in: builder)
        states[top].normalized = value
        return value
    }

    /// Makes a delta part of what the site shows from now on: of h, of the sum, and of its norm.
    package func apply(_ delta: SiteDelta) { states.append(State(delta: delta)) }

    /// Number of deltas that are part of what the site shows.
    package var depth: Int { states.count - 1 }

    /// Takes back the last delta that was applied.
    package func takeLast() -> SiteDelta? { depth > 0 ? states.removeLast().delta : nil }

    /// The site as it is now; deltas that are applied to one do not change the other.
    package func fork() -> SiteContext {
        let copy = SiteContext(spec, sublayer, weight: weight, bias: bias, in: builder)
        copy.states = states
        return copy
    }

    /// The same with a delta applied.
    package func with(_ delta: SiteDelta) -> SiteContext {
        let copy = fork()
        copy.apply(delta)
        return copy
    }

    /// Whether a delta has taken the place of residual and norm. Deltas after it act on what it gives.
    package var hasEnded: Bool { isAtEnd(depth) }

    /// What the model continues with: the norm of the sum, or what of this the site has.
    package func result(of plugin: any SitePlugin) throws -> Value {
        if let delta = try plugin.delta(at: site, self) { apply(delta) }
        return try normalized()
    }

    private func isAtEnd(_ i: Int) -> Bool {
        states[...i].contains { if case .end? = $0.delta { true } else { false } }
    }

    private func output(_ i: Int) -> Value {
        if let known = states[i].output { return known }
        let value: Value
        if let delta = states[i].delta {
            switch delta {
            case .replacement(let h), .end(let h): value = h
            case .dense, .factored: value = delta.applied(to: output(i - 1), in: builder)
            }
        } else if let dropout = sublayer.dropout {
            value = builder.append(DropAdd(sublayer.output, dropout: dropout, in: builder))
        } else {
            value = sublayer.output
        }
        states[i].output = value
        return value
    }

    private func sum(_ i: Int) -> Value {
        guard let residual = sublayer.residual, !isAtEnd(i) else { return output(i) }
        if let known = states[i].sum { return known }
        let value: Value
        if let output = states[i].output {
            // Somebody has asked for h, so the delta is already computed
            value = builder.append(DropAdd(output, residual: residual, dropout: .none, in: builder))
        } else if let delta = states[i].delta {
            if case .replacement(let h) = delta {
                value = builder.append(DropAdd(h, residual: residual, dropout: .none, in: builder))
            } else {
                value = delta.applied(to: sum(i - 1), in: builder)
            }
        } else {
            value = builder.append(
                DropAdd(sublayer.output, residual: residual, dropout: sublayer.dropout ?? .none, in: builder))
        }
        states[i].sum = value
        return value
    }
}
