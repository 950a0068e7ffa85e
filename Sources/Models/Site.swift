import Numerics

/// A named place in a model where a method may act. The model knows sites, never methods.
package struct Site: Hashable, Sendable {
    /// The site's role, whatever the family of the model.
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
