import Numerics

/// How a family's model is computed.
protocol EncoderLayout: Sendable {
    /// In a fixed order: fingerprints depend on it.
    var tensors: [TensorSpec] { get }
    /// In the order of the computation.
    var sites: [SiteSpec] { get }
    var norm: Norm.Kind { get }
    /// Name of the tensor [vocabulary, hidden] that gives each token's logit; nil: the model writes no texts.
    var outputTable: String? { get }
    /// Appends the computation to the plan's builder.
    /// - Parameter firstOnly: only the last hidden state of each sequence's first token is wanted.
    /// - Returns: the last hidden states [tokens, hidden], or [sequences, hidden] if `firstOnly`; and all of them,
    ///   the embeddings' first.
    func build(_ plan: EncoderPlan, firstOnly: Bool) throws -> (output: Value, hidden: [Value])
}

extension EncoderLayout {
    var norm: Norm.Kind { .layer }
    var outputTable: String? { nil }
}

/// A model on its way into a plan: its architecture, the tensors' operands, and what acts at the sites.
package struct EncoderPlan {
    let builder: PlanBuilder
    private let architecture: Architecture
    private let operand: OperandTable
    private let plugin: any SitePlugin
    private let dropout: Bool
    private let scope: String
    private var configuration: ModelConfiguration { architecture.configuration }

    /// - Parameters:
    ///   - operand: tensors by their names in `Architecture.tensors` under "base/"; trainable ones overlay the model's.
    ///   - dropout: whether the base drops in training as config.json says; off, everything below the lowest site is
    ///     constant.
    ///   - scope: before the names of what is derived, if several models are in one plan. They have the same virtual tokens.
    package init(
        _ model: EncoderModel, operand: OperandTable, plugin: any SitePlugin, dropout: Bool, scope: String = "",
        in builder: PlanBuilder
    ) {
        architecture = model.architecture
        self.operand = operand
        self.plugin = plugin
        self.builder = builder
        self.dropout = dropout
        self.scope = scope
        builder.virtualTokens = plugin.virtualTokens
    }

    /// - Parameter pooling: what a head reads; nil: every token.
    /// - Returns: the last hidden states [tokens, hidden], or one row a sequence; and each layer's own, embeddings first.
    package func build(pooling: Pool.Kind?) throws -> (output: Value, hidden: [Value]) {
        // Where tokens depend on each other outside attention too, the last layer computes all of them
        let firstOnly = pooling == .first && !plugin.mixesTokens
        var (x, hidden) = try architecture.layout.build(self, firstOnly: firstOnly)
        if let pooling, !firstOnly { x = builder.append(Pool(x, pooling, in: builder)) }
        return (x, hidden)
    }

    /// The logit of each token of the vocabulary after each row: the model's output layer.
    /// - Parameter rows: last hidden states, [rows, hidden]
    /// - Throws: `NumericsError.missingTensor` where the model has none
    package func logits(_ rows: Value) throws -> Value {
        guard let name = architecture.outputTable else { throw NumericsError.missingTensor("of an output layer") }
        return builder.append(Linear(try outputRows(rows), weight: try tensor(name), bias: nil, in: builder))
    }

    /// What the output layer reads of rows of the last hidden states.
    package func outputRows(_ rows: Value) throws -> Value { try site(Site(.beforeOutputEmbeddings), rows) }

    // MARK: For layouts

    func tensor(_ name: String) throws -> Operand { try operand("base/\(name)") }

    func attentionDropout(_ site: String) -> DropoutSite {
        DropoutSite(site: site, rate: dropout ? configuration.attentionDropout : 0)
    }

    /// nil: nothing is dropped.
    func hiddenDropout(_ site: String) -> DropoutSite? {
        guard dropout, configuration.hiddenDropout > 0 else { return nil }
        return DropoutSite(site: site, rate: configuration.hiddenDropout)
    }

    /// A norm of the architecture with what acts there.
    func norm(_ kind: Site.Kind, layer: Int? = nil) throws -> Norm {
        let (spec, weight, bias) = try operands(Site(kind, layer: layer))
        return Norm(
            spec: spec, gamma: weight, beta: bias, epsilon: configuration.epsilon, kind: architecture.layout.norm,
            plugin: plugin)
    }

    /// The output of a site where a method may change a value: the embeddings' output.
    func site(_ site: Site, _ x: Value) throws -> Value {
        try context(site, Sublayer(input: x, output: x)).result(of: plugin)
    }

    /// A projection W x + b with what acts there.
    func projection(_ kind: Site.Kind, layer: Int, _ x: Value) throws -> Value {
        let (spec, w, b) = try operands(Site(kind, layer: layer))
        let y = builder.append(Linear(x, weight: w, bias: b, in: builder))
        return try SiteContext(spec, Sublayer(input: x, output: y), weight: w, bias: b, in: builder).result(of: plugin)
    }

    /// The weight and bias of a projection or a norm, with what a method adds to them.
    private func operands(_ site: Site) throws -> (spec: SiteSpec, weight: Operand, bias: Operand?) {
        guard let spec = architecture[site], let name = spec.weight else {
            throw NumericsError.missingTensor(site.name)
        }
        func rows(_ tensor: Operand) -> Operand { spec.rows.map(tensor.rows) ?? tensor }
        var (weight, bias) = (rows(try tensor(name)), try spec.bias.map { rows(try tensor($0)) })
        if let shift = try plugin.shift(at: spec) {
            precondition(shift.weight.isEmpty || site.kind.isNorm, "\(site.name): the weight is a matrix")
            weight = sum(weight, shift.weight, "\(site.name)/weight") ?? weight
            bias = sum(bias, shift.bias, "\(site.name)/bias")
        }
        return (spec, weight, bias)
    }

    /// vector + Σ terms, derived under a name; nil: neither is there.
    private func sum(_ vector: Operand?, _ terms: [SiteShift.Term], _ name: String) -> Operand? {
        if terms.isEmpty { return vector }
        let summands = (vector.map { [SiteShift.Term(tensor: $0)] } ?? []) + terms
        if summands.count == 1, summands[0].scale == 1 { return summands[0].tensor }
        let width = summands[0].tensor.shape.reduce(1, *)
        return builder.derive(scope + name, rows: 1) { rows in
            let values = summands.map { rows.append(WeightRows($0.tensor.reshaped([1, width]), in: rows)) }
            return [rows.append(WeightedSum(values, weights: summands.map(\.scale), in: rows))]
        }[0].reshaped([width])
    }

    /// norm(dropout(y) + residual), or without a norm the sum, with what acts on the sublayer's output.
    /// - Parameters:
    ///   - input: what the sublayer reads: in a block with its norm before, that norm.
    ///   - dropout: of y; nil: the family applies none
    func residual(
        _ site: Site, _ y: Value, input: Value, residual: Value, norm: Norm?, dropout: DropoutSite?
    ) throws -> Value {
        try context(
            site, Sublayer(input: input, output: y, dropout: dropout, residual: residual, norm: norm)
        ).result(of: plugin)
    }

    /// The keys and values that a method puts before a layer's own.
    /// - Parameter input: what the attention's projections read
    func extraKeysValues(layer: Int, input: Value) throws -> (keys: Value, values: Value, rows: Int)? {
        try plugin.extraKeysValues(layer: layer, input: input, builder)
    }

    private func context(_ site: Site, _ sublayer: Sublayer) -> SiteContext {
        let spec =
            architecture[site] ?? SiteSpec(site, input: sublayer.input.width, output: sublayer.output.width)
        return SiteContext(spec, sublayer, in: builder)
    }
}
