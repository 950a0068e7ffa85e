import Numerics

/// How a family's model is computed.
protocol EncoderLayout: Sendable {
    /// In a fixed order: fingerprints depend on it.
    var tensors: [TensorSpec] { get }
    /// In the order of the computation.
    var sites: [SiteSpec] { get }
    /// Appends the computation to the plan's builder.
    /// - Parameter firstOnly: only the last hidden state of each sequence's first token is wanted.
    /// - Returns: the last hidden states [tokens, hidden], or [sequences, hidden] if `firstOnly`; and all of them,
    ///   the embeddings' first.
    func build(_ plan: EncoderPlan, firstOnly: Bool) throws -> (output: Value, hidden: [Value])
}

/// A model on its way into a plan: its architecture, the tensors' operands, and what acts at the sites.
package struct EncoderPlan {
    let builder: PlanBuilder
    private let architecture: Architecture
    private let operand: OperandTable
    private let plugin: any SitePlugin
    private let dropout: Bool
    private var configuration: ModelConfiguration { architecture.configuration }

    /// - Parameters:
    ///   - operand: tensors by their names in `Architecture.tensors` under "base/"; trainable ones overlay the model's.
    ///   - dropout: whether the base drops in training as config.json says; off, everything below the lowest site is
    ///     constant.
    package init(
        _ model: EncoderModel, operand: OperandTable, plugin: any SitePlugin, dropout: Bool, in builder: PlanBuilder
    ) {
        architecture = model.architecture
        self.operand = operand
        self.plugin = plugin
        self.builder = builder
        self.dropout = dropout
    }

    /// - Parameter pooling: what a head reads; nil: every token.
    /// - Returns: the last hidden states [tokens, hidden], or one row a sequence; and each layer's own, embeddings first.
    package func build(pooling: Pool.Kind?) throws -> (output: Value, hidden: [Value]) {
        var (x, hidden) = try architecture.layout.build(self, firstOnly: pooling == .first)
        if pooling == .mean { x = builder.append(Pool(x, .mean, in: builder)) }
        return (x, hidden)
    }

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

    func norm(_ name: String, hasBias: Bool = true) throws -> Norm {
        Norm(
            gamma: try tensor("\(name).weight"), beta: hasBias ? try tensor("\(name).bias") : nil,
            epsilon: configuration.epsilon)
    }

    /// The output of a site where a method may change a value: the embeddings' output.
    func site(_ site: Site, _ x: Value) throws -> Value {
        try context(site, Sublayer(input: x, output: x)).result(of: plugin)
    }

    /// A projection W x + b with what acts there.
    func projection(_ kind: Site.Kind, layer: Int, _ x: Value) throws -> Value {
        let site = Site(kind, layer: layer)
        guard let spec = architecture[site], let weight = spec.weight else {
            throw NumericsError.missingTensor(site.name)
        }
        func rows(_ tensor: Operand) -> Operand { spec.rows.map(tensor.rows) ?? tensor }
        let (w, b) = (rows(try tensor(weight)), try spec.bias.map { rows(try tensor($0)) })
        let y = builder.append(Linear(x, weight: w, bias: b, in: builder))
        return try context(site, Sublayer(input: x, output: y), weight: w, bias: b).result(of: plugin)
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
    func extraKeysValues(layer: Int) throws -> (keys: Value, values: Value, rows: Int)? {
        try plugin.extraKeysValues(layer: layer, builder)
    }

    private func context(
        _ site: Site, _ sublayer: Sublayer, weight: Operand? = nil, bias: Operand? = nil
    ) throws -> SiteContext {
        let spec =
            architecture[site] ?? SiteSpec(site, input: sublayer.input.width, output: sublayer.output.width)
        return SiteContext(spec, sublayer, weight: weight, bias: bias, in: builder)
    }
}
