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
    package static let phrase = "scalearn"
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

    package func merge(into projection: inout Projection, _ children: [(inout Projection) throws -> Void]) throws {
        throw AdapterError.composition(
            "scalearn scales what adapters add at the ends of blocks, so it cannot be part of a transformers model; make one "
                + "adapter of it with amalgam collapse, and export that")
    }

    /// ω at a site.
    package func scaling(at site: Site, _ tensors: MemberTensors) throws -> Operand {
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
        let scaling = try block.scaling(at: site, tensors)
        guard let stacked = try StackedBottlenecks(outputs.children, at: context.spec) else {
            return .dense(try sum(of: outputs.values(at: site, context), scaling, context))
        }
        return try block.isUniform
            ? uniformDelta(of: stacked, scaling, context) : delta(of: stacked, scaling, context)
    }

    func extraKeysValues(layer: Int, input: Value, _ builder: PlanBuilder) throws -> (
        keys: Value, values: Value, rows: Int
    )? { nil }

    /// ω after dropout, a row for each of ω's.
    private func dropped(_ scaling: Operand, at site: Site, in inner: PlanBuilder) -> Value {
        let whole = inner.append(WeightRows(scaling, in: inner))
        guard block.dropout > 0 else { return whole }
        return inner.append(
            DropAdd(
                whole, dropout: DropoutSite(site: tensors.scope(site), rate: Float(block.dropout)), in: inner))
    }

    private static func ones(_ rows: Int, _ columns: Int) -> Weight {
        Weight([Float](repeating: 1, count: rows * columns), shape: [rows, columns])
    }

    private func name(_ site: Site) -> String { "\(tensors.scope(site))/\(ScaLearn.scaling)" }

    /// U z + c with U = [ω₁ ⊙ U₁, ω₂ ⊙ U₂, …] and c = Σ ωₙ ⊙ cₙ.
    private func delta(of stacked: StackedBottlenecks, _ scaling: Operand, _ context: SiteContext) throws -> SiteDelta {
        let (site, width) = (context.site, context.spec.output)
        let children = stacked.parts.map(\.child)
        let weighted = context.builder.derive(name(site), rows: width) { inner in
            let factors = dropped(scaling, at: site, in: inner)
            let up = inner.append(
                ScaledBlocks(
                    factors, times: stacked.ups(output: width),
                    blocks: stacked.parts.map { ($0.child, $0.shape.width) }, in: inner))
            let biases = inner.append(
                ScaledBlocks(
                    factors, times: stacked.biases(output: width), blocks: children.map { ($0, 1) }, in: inner))
            return [
                up, inner.append(Linear(biases, weight: .frozen(Self.ones(1, children.count)), bias: nil, in: inner)),
            ]
        }
        return .factored(
            narrow: try stacked.narrow(context), up: weighted[0], bias: weighted[1].reshaped([width]), scale: 1)
    }

    /// The same where ωₙ is a number, which scales the narrow activations instead: the up matrix stays frozen.
    private func uniformDelta(
        of stacked: StackedBottlenecks, _ scaling: Operand, _ context: SiteContext
    ) throws -> SiteDelta {
        let (site, builder, width) = (context.site, context.builder, context.spec.output)
        let weighted = builder.derive(name(site), rows: 1) { inner in
            let factors = dropped(scaling, at: site, in: inner)
            func repeated(_ blocks: [(column: Int, width: Int)]) -> Value {
                let width = blocks.reduce(0) { $0 + $1.width }
                return inner.append(ScaledBlocks(factors, times: Self.ones(1, width), blocks: blocks, in: inner))
            }
            return [
                repeated(stacked.parts.map { ($0.child, $0.shape.width) }),
                inner.append(
                    Linear(
                        repeated(stacked.parts.map { ($0.child, 1) }),
                        weight: .frozen(stacked.biases(output: width)), bias: nil, in: inner)),
            ]
        }
        let narrow = builder.append(
            MultiplyRows(try stacked.narrow(context), by: weighted[0].reshaped([stacked.width]), in: builder))
        return .factored(
            narrow: narrow, up: .frozen(stacked.ups(output: width)), bias: weighted[1].reshaped([width]), scale: 1)
    }

    /// Σ ωₙ ⊙ uₙ for outputs that have no narrow form, such as those of stacks, and for adapters that are trained.
    private func sum(
        of outputs: [(child: Int, value: Value)], _ scaling: Operand, _ context: SiteContext
    ) throws -> Value {
        let (site, builder, width) = (context.site, context.builder, context.spec.output)
        let factors = builder.derive(name(site), rows: block.isUniform ? 1 : width) { inner in
            let all = dropped(scaling, at: site, in: inner)
            return outputs.map { child, _ in
                let own = inner.append(Columns(all, child..<child + 1, in: inner))
                return block.isUniform
                    ? inner.append(Linear(own, weight: .frozen(Self.ones(width, 1)), bias: nil, in: inner)) : own
            }
        }
        let scaled = zip(outputs, factors).map { output, factor in
            builder.append(MultiplyRows(output.value, by: factor.reshaped([width]), in: builder))
        }
        guard scaled.count > 1 else { return scaled[0] }
        return builder.append(
            WeightedSum(scaled, weights: [Float](repeating: 1, count: scaled.count), in: builder))
    }
}
