import Files
import Models
import Numerics

/// ScaLearn (Frohmann et al. 2023, section 3.2): at each site, the children's outputs times learned scales:
/// out = h + Σₙ ωₙ ⊙ uₙ, where uₙ is what child n adds last (`ChildOutputs`). There is no softmax.
///
/// ω starts at N(2/N, 0.001) for N children. In training, dropout acts on ω itself, once a step and site, as in the paper's code.
/// Fields: `uniform` (one number for each child instead of a vector; ScaLearnUniform), `shared` (one ω for all sites; ScaLearn++),
/// `dropout`.
///
/// Frozen bottlenecks run as one wide network whose up matrix is the weighted one, derived once a step; so N children cost what
/// one bottleneck of the summed width does.
package struct ScaLearn: EndBlock {
    package static let kind = "scalearn"
    /// ω in a bundle: [width, N], with `uniform` [1, N].
    package static let scaling = "scaling"
    package static let standardDropout = 0.3

    package let isUniform: Bool
    package let isShared: Bool
    /// Of ω, in 0..<1.
    package let dropout: Double
    package var fields: [String: ConfigurationValue] {
        ["uniform": .bool(isUniform), "shared": .bool(isShared), "dropout": .number(dropout)]
    }

    /// - Parameter dropout: in 0..<1
    package init(uniform: Bool = false, shared: Bool = false, dropout: Double = standardDropout) {
        (isUniform, isShared, self.dropout) = (uniform, shared, dropout)
    }

    package init(_ fields: BlockFields) throws(BlockFault) {
        try fields.check(["uniform", "shared", "dropout"])
        self.init(
            uniform: try fields.flag("uniform", default: false), shared: try fields.flag("shared", default: false),
            dropout: try fields.number(
                "dropout", default: Self.standardDropout, expected: "a probability in 0..<1"
            ) { $0 >= 0 && Float($0) < 1 })
    }

    /// Over the sites at which a child adds something.
    package func specs(_ children: [Outline], _ architecture: Architecture, scope: String) throws(AdapterError)
        -> [ParameterSpec]
    {
        try ChildOutputs.check(children, architecture, of: Self.phrase)
        let sites = ChildOutputs.sites(children, architecture)
        let mean = 2 / Float(children.count)
        func spec(_ name: String, _ width: Int) -> ParameterSpec {
            ParameterSpec(
                "\(scope)/\(name)", [isUniform ? 1 : width, children.count],
                .normalAround(mean: mean, deviation: 0.001))
        }
        guard isShared else { return sites.map { spec("\($0.site.name)/\(Self.scaling)", $0.output) } }
        return sites.first.map { [spec(Self.scaling, $0.output)] } ?? []
    }

    package func plugin(_ children: [ComposedChild], _ architecture: Architecture, _ tensors: MemberTensors)
        throws(AdapterError) -> any SitePlugin
    {
        try ChildOutputs.check(children.map(\.outline), architecture, of: Self.phrase)
        return ScaLearnPlugin(outputs: ChildOutputs(children, of: Self.phrase), block: self, tensors: tensors)
    }

    /// The scales of the others stay as they are: there is no softmax.
    package func keeping(_ kept: [Int]) -> (any CompositionBlock)? { self }

    /// ω has a column for each child.
    package func keeping(_ kept: [Int], of count: Int, shape: [Int], values: [Float]) -> (shape: [Int], values: [Float])
    {
        columns(kept, of: count, shape: shape, values: values)
    }

    package func merge(into projection: inout Projection, _ children: [(inout Projection) throws -> Void]) throws {
        throw AdapterError.composition(
            "scalearn scales what adapters add at the ends of blocks, so it cannot be part of a transformers model; make one "
                + "adapter of it with amalgam collapse, and export that")
    }

    /// ω at a site.
    fileprivate func scaling(at site: Site, _ tensors: MemberTensors) throws -> Operand {
        try isShared ? tensors(Self.scaling) : tensors(site, Self.scaling)
    }
}

private struct ScaLearnPlugin: SitePlugin {
    let outputs: ChildOutputs
    let block: ScaLearn
    let tensors: MemberTensors

    func delta(at site: Site, _ context: SiteContext) throws -> SiteDelta? {
        try outputs.holdBack(at: site, context)
        guard [.afterAttention, .afterFeedForward].contains(site.kind),
            ChildOutputs.source(at: context.spec, outputs.children.map(\.outline)) != nil
        else { return nil }
        let scales = LearnedScales(
            scales: try block.scaling(at: site, tensors), name: "\(tensors.scope(site))/\(ScaLearn.scaling)",
            dropout: Float(block.dropout))
        let (builder, width) = (context.builder, context.spec.output)
        guard let stacked = try StackedBottlenecks(outputs.children, at: context.spec) else {
            return .dense(scales.sum(of: try outputs.values(at: site, context), in: builder))
        }
        let narrow = try stacked.narrow(context)
        let (ups, biases) = (stacked.ups(output: width), stacked.biases(output: width))
        let blocks = stacked.parts.map { (column: $0.child, width: $0.shape.width) }
        if block.isUniform {
            // The narrow activations are scaled: the up matrix stays frozen
            let weighted = scales.weighted(narrow, biases: biases, blocks: blocks, in: builder)
            return .factored(narrow: weighted.narrow, up: .frozen(ups), bias: weighted.bias, scale: 1)
        }
        let weighted = scales.weighted(ups: ups, biases: biases, blocks: blocks, in: builder)
        return .factored(narrow: narrow, up: weighted.up, bias: weighted.bias, scale: 1)
    }

    func extraKeysValues(layer: Int, input: Value, _ builder: PlanBuilder) throws -> (
        keys: Value, values: Value, rows: Int
    )? { nil }
}
