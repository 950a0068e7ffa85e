import Numerics

/// A named place in a model where a method may act. The model knows sites, never methods.
package struct Site: Hashable, Sendable {
    /// The site's role, whatever the family of the model.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case afterEmbeddings
        /// The sum of a token's embeddings, before their norm
        case embeddingSum
        /// Before the product with the embeddings in a language-modelling head
        case beforeOutputEmbeddings
        case afterAttention
        case afterFeedForward
        case query
        case key
        case value
        case attentionOutput
        /// The projection whose activation says how much of the intermediate one passes, where it is a tensor of its own
        case gate
        case intermediate
        case feedForwardOutput
        case embeddingNorm
        /// The norm of the attention block: after its sum, or in a pre-norm model before its projections
        case attentionNorm
        case feedForwardNorm
        /// After the last layer of a pre-norm model
        case finalNorm

        /// Whether the site is a norm: it has a weight and perhaps a bias of its output's width.
        package var isNorm: Bool {
            switch self {
            case .embeddingNorm, .attentionNorm, .feedForwardNorm, .finalNorm: true
            default: false
            }
        }
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
    /// Takes the place of all that the sublayer ends with: output, residual and norm.
    case end(Value)

    /// A value with it applied.
    func applied(to value: Value, in builder: PlanBuilder) -> Value {
        switch self {
        case .dense(let dense): builder.append(DropAdd(dense, residual: value, dropout: .none, in: builder))
        case .factored(let narrow, let up, let bias, let scale):
            builder.append(Linear(narrow, weight: up, bias: bias, residual: value, scale: scale, in: builder))
        case .replacement(let replacement), .end(let replacement): replacement
        }
    }
}

/// What a method adds to a site's own vectors: to a projection's bias, to a norm's weight and bias.
///
/// The sums are derived once a step, so nothing of it stands in memory for each token, and no operation over tokens is
/// added. It acts below every `SiteDelta`: the site that deltas see computes with the shifted vectors.
package struct SiteShift {
    /// scale · tensor, [width of the site's output]
    package struct Term {
        package let tensor: Operand
        package var scale: Float = 1
    }
    /// Of a norm. A projection's weight is a matrix, which only deltas change.
    package private(set) var weight: [Term] = []
    /// Where the site has no bias, this becomes one.
    package private(set) var bias: [Term] = []

    package init(weight: Operand? = nil, bias: Operand? = nil) {
        self.weight = weight.map { [Term(tensor: $0)] } ?? []
        self.bias = bias.map { [Term(tensor: $0)] } ?? []
    }

    /// Σ scaleₙ · shiftₙ; nil if there is none.
    package init?(sum shifts: [(shift: SiteShift?, scale: Float)]) {
        for (shift, scale) in shifts {
            func scaled(_ terms: [Term]?) -> [Term] {
                terms?.map { Term(tensor: $0.tensor, scale: scale * $0.scale) } ?? []
            }
            weight += scaled(shift?.weight)
            bias += scaled(shift?.bias)
        }
        if weight.isEmpty, bias.isEmpty { return nil }
    }
}

/// What acts at the sites of an encoder: one method, or a composition of several.
package protocol SitePlugin {
    /// Rows that each sequence has beside its tokens, which the plugin fills at `embeddingSum` or `afterEmbeddings`, and positions
    /// that are taken from its tokens; nil: none.
    var virtualTokens: VirtualTokens? { get }
    /// Whether what it does to a token depends on other tokens of the text, as a gate over the text does. Then no layer may
    /// compute some of the tokens alone.
    var mixesTokens: Bool { get }
    /// What is added to the vectors of a projection or a norm; nil: nothing. Asked before `delta`.
    func shift(at site: SiteSpec) throws -> SiteShift?
    /// nil: nothing happens here.
    func delta(at site: Site, _ context: SiteContext) throws -> SiteDelta?
    /// Keys and values that stand before each sequence's own in a layer's attention: [sequences, rows · hidden] each.
    /// - Parameter input: what the attention's projections read, [tokens, hidden]
    func extraKeysValues(layer: Int, input: Value, _ builder: PlanBuilder) throws -> (
        keys: Value, values: Value, rows: Int
    )?
}

extension SitePlugin {
    package var virtualTokens: VirtualTokens? { nil }
    package var mixesTokens: Bool { false }
    package func shift(at site: SiteSpec) throws -> SiteShift? { nil }
}

/// The bare model.
package struct NoPlugin: SitePlugin {
    package init() {}
    package func delta(at site: Site, _ context: SiteContext) throws -> SiteDelta? { nil }
    package func extraKeysValues(layer: Int, input: Value, _ builder: PlanBuilder) throws -> (
        keys: Value, values: Value, rows: Int
    )? { nil }
}
