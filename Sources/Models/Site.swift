import Numerics

/// A named place in an encoder where a method may act. The model knows sites, never methods.
package struct Site: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case afterEmbeddings
        /// Before the product with the embeddings in a language-modelling head
        case beforeOutputEmbeddings
        case afterAttention
        case afterFeedForward
        case query
        case key
        case value
        case attentionOutput
        case intermediate
        case feedForwardOutput
    }

    package let kind: Kind
    /// 0 for the lowest; nil outside the layers.
    package let layer: Int?

    package init(_ kind: Kind, layer: Int? = nil) {
        self.kind = kind
        self.layer = layer
    }

    /// Stable, for tensor names and random numbers: afterFeedForward/3.
    package var name: String { layer.map { "\(kind.rawValue)/\($0)" } ?? kind.rawValue }
}

/// What a method gives back at a site.
package enum SiteDelta {
    /// Added to the sublayer's output.
    case dense(Value)
    /// Added without ever standing in memory by itself: scale · (narrow · upᵀ + bias).
    case factored(narrow: Value, up: Operand, bias: Operand?, scale: Float)
    /// Takes the output's place; for methods that multiply.
    case replacement(Value)

    /// A value with it applied.
    func applied(to value: Value, in builder: PlanBuilder) -> Value {
        switch self {
        case .dense(let dense): builder.append(DropAdd(dense, residual: value, dropout: .none, in: builder))
        case .factored(let narrow, let up, let bias, let scale):
            builder.append(Linear(narrow, weight: up, bias: bias, residual: value, scale: scale, in: builder))
        case .replacement(let replacement): replacement
        }
    }
}

/// What the encoder shows a method at a site. Values are only computed if a method asks for them.
///
/// Where several methods act one upon the other, each is shown the site as the former one leaves it (`apply`).
package final class SiteContext {
    package let site: Site
    package let builder: PlanBuilder
    /// The sublayer's input: the residual stream, or a projection's input.
    package let input: Value
    private var makeOutput: () throws -> Value
    private var makeSum: ((Value?) throws -> Value)?
    private let makeNormalized: ((Value) throws -> Value)?
    private var cachedOutput: Value?
    private var cachedSum: Value?
    private var cachedNormalized: Value?

    package init(
        site: Site, builder: PlanBuilder, input: Value, output: @escaping () throws -> Value,
        sum: ((Value?) throws -> Value)? = nil, normalized: ((Value) throws -> Value)? = nil
    ) {
        self.site = site
        self.builder = builder
        self.input = input
        makeOutput = output
        makeSum = sum
        makeNormalized = normalized
    }

    /// h: the sublayer's output after dropout, before residual and norm.
    package func output() throws -> Value {
        if let cachedOutput { return cachedOutput }
        let value = try makeOutput()
        cachedOutput = value
        return value
    }

    /// h + input. At a projection, which has no residual, h itself.
    package func sum() throws -> Value {
        if let cachedSum { return cachedSum }
        guard let makeSum else { return try output() }
        let value = try makeSum(cachedOutput)
        cachedSum = value
        return value
    }

    /// Makes a delta part of what the site shows from now on: of h, of h + input, and of its norm.
    package func apply(_ delta: SiteDelta) {
        if case .replacement(let h) = delta {
            cachedOutput = h
        } else {
            let (formerOutput, formerSum, builder) = (cachedOutput, cachedSum, builder)
            let (formerMakeOutput, formerMakeSum) = (makeOutput, makeSum)
            makeOutput = { delta.applied(to: try formerOutput ?? formerMakeOutput(), in: builder) }
            makeSum = formerMakeSum.map { make in
                { output in
                    // Whoever has asked for h has paid for the delta already
                    if let output { return try make(output) }
                    return delta.applied(to: try formerSum ?? make(formerOutput), in: builder)
                }
            }
            cachedOutput = nil
        }
        cachedSum = nil
        cachedNormalized = nil
    }

    /// LN(h + input), by the block's own norm. At a projection h itself.
    package func normalized() throws -> Value {
        if let cachedNormalized { return cachedNormalized }
        guard let makeNormalized else { return try output() }
        let value = try makeNormalized(try sum())
        cachedNormalized = value
        return value
    }
}

/// What acts at the sites of an encoder: one method, or a composition of several.
package protocol SitePlugin {
    /// nil: nothing happens here.
    func delta(at site: Site, _ context: SiteContext) throws -> SiteDelta?
    /// Keys and values that stand before each sequence's own in a layer's attention: [sequences, rows · hidden] each.
    func extraKeysValues(layer: Int, _ builder: PlanBuilder) throws -> (keys: Value, values: Value, rows: Int)?
}

extension SitePlugin {
    package func extraKeysValues(layer: Int, _ builder: PlanBuilder) throws -> (keys: Value, values: Value, rows: Int)?
    {
        nil
    }
}

/// The bare model.
package struct NoPlugin: SitePlugin {
    package init() {}
    package func delta(at site: Site, _ context: SiteContext) throws -> SiteDelta? { nil }
}
