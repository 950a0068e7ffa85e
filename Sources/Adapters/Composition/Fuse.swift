import Files
import Foundation
import Models
import Numerics

/// AdapterFusion (Pfeiffer et al. 2021, section 3.2): at each site, attention of the token's representation over the
/// children's outputs.
///
/// query = what the last child's last adapter reads; keys and values uₙ = what each child adds last (`ChildOutputs`);
/// out = Σ pₙ V uₙ. If the last child is a LoRA or VeRA, the query is the block's output h. (`adapters` 1.3.0 fuses bottlenecks
/// alone.)
package struct Fuse: EndBlock {
    package static let kind = "fuse"
    package static let phrase = "a fusion"
    package let configuration: FusionConfiguration
    package var fields: [String: ConfigurationValue] { configuration.fields }

    package init(_ configuration: FusionConfiguration) { self.configuration = configuration }

    package init(_ fields: BlockFields) throws(BlockFault) { configuration = try FusionConfiguration(fields) }

    /// Over the sites at which a child adds something: Q and K N(0, 0.02) with zero biases, V the identity with 1e-6 off
    /// the diagonal.
    package func specs(_ children: [Outline], _ architecture: Architecture, scope: String) throws(AdapterError)
        -> [ParameterSpec]
    {
        try configuration.check(children: children.count)
        try ChildOutputs.check(children, architecture, of: Self.phrase)
        return ChildOutputs.sites(children, architecture).flatMap { site in
            let (scope, d) = ("\(scope)/\(site.site.name)", site.output)
            return [
                ParameterSpec("\(scope)/query.weight", [d, d], .normal(0.02)),
                ParameterSpec("\(scope)/query.bias", [d], .zeros, decays: false),
                ParameterSpec("\(scope)/key.weight", [d, d], .normal(0.02)),
                ParameterSpec("\(scope)/key.bias", [d], .zeros, decays: false),
            ]
                + (configuration.value
                    ? [ParameterSpec("\(scope)/value.weight", [d, d], .identity(off: 1e-6))] : [])
        }
    }

    package func plugin(_ children: [ComposedChild], _ architecture: Architecture, _ tensors: MemberTensors)
        throws(AdapterError) -> any SitePlugin
    {
        try ChildOutputs.check(children.map(\.outline), architecture, of: Self.phrase)
        return FusePlugin(
            outputs: ChildOutputs(children, of: Self.phrase), fuse: self,
            dropout: architecture.configuration.attentionDropout, tensors: tensors)
    }

    /// The softmax runs over those that are left.
    package func keeping(_ kept: [Int]) -> (any CompositionBlock)? { Fuse(configuration.keeping(kept)) }

    package func merge(into projection: inout Projection, _ children: [(inout Projection) throws -> Void]) throws {
        throw AdapterError.composition(
            "a fusion attends anew for each token, so it cannot be part of a transformers model; use --format adapterhub, "
                + "which can hold it")
    }
}

private struct FusePlugin: SitePlugin {
    let outputs: ChildOutputs
    let fuse: Fuse
    let dropout: Float
    let tensors: MemberTensors

    func delta(at site: Site, _ context: SiteContext) throws -> SiteDelta? {
        try outputs.holdBack(at: site, context)
        guard [.afterAttention, .afterFeedForward].contains(site.kind),
            let last = ChildOutputs.source(at: context.spec, outputs.children.map(\.outline))
        else { return nil }
        let builder = context.builder
        let source = try context.value(last)
        // All frozen bottlenecks run as one product (see `FusionMix`)
        let stacked = try StackedBottlenecks(outputs.children, at: context.spec)
        let values = stacked == nil ? try outputs.values(at: site, context).map(\.value) : []

        let key = try tensors(site, "key.weight")
        let query = builder.append(
            Linear(
                source, weight: try tensors(site, "query.weight"), bias: try tensors(site, "query.bias"), in: builder))
        let keyBias = try tensors(site, "key.bias")
        let queryBias = builder.append(
            Linear(query, weight: keyBias.reshaped([1, context.spec.output]), bias: nil, in: builder))
        let seen = builder.append(Linear(query, weight: key, bias: nil, weightTransposed: true, in: builder))
        let temperature = fuse.configuration.temperature
        let random = DropoutSite(site: tensors.scope(site), rate: dropout)
        let mixed: Value
        if let stacked {
            let ups = stacked.upsAndBiases(output: context.spec.output)
            let prior = prior(at: context.spec).map { logs in
                Weight([Float](repeating: 0, count: stacked.width) + logs, shape: [stacked.width + logs.count])
            }
            let throughUps = builder.append(
                Linear(
                    seen, weight: .frozen(ups), bias: prior.map { .frozen($0) }, weightTransposed: true, in: builder))
            let narrow = builder.append(
                FusionMix(
                    w: throughUps, z: try stacked.narrow(context), queryBias: queryBias, widths: stacked.widths,
                    temperature: temperature, dropout: random, in: builder))
            builder.observedShares?.append(
                ObservedShares(
                    scope: tensors.scope(site), value: narrow,
                    columns: narrow.width - stacked.widths.count..<narrow.width, names: names(at: context.spec)))
            guard fuse.configuration.value else {
                return .factored(narrow: narrow, up: .frozen(ups), bias: nil, scale: 1)
            }
            mixed = builder.append(Linear(narrow, weight: .frozen(ups), bias: nil, in: builder))
        } else {
            if builder.observedShares != nil {
                let shares = builder.append(
                    AttentionShares(
                        query: seen, queryBias: queryBias, outputs: values, prior: prior(at: context.spec),
                        temperature: temperature, in: builder))
                builder.observedShares?.append(
                    ObservedShares(
                        scope: tensors.scope(site), value: shares, columns: 0..<values.count,
                        names: names(at: context.spec)))
            }
            mixed = builder.append(
                AdapterAttention(
                    query: seen, queryBias: queryBias, outputs: values, prior: prior(at: context.spec),
                    temperature: temperature, dropout: random, in: builder))
            guard fuse.configuration.value else { return .dense(mixed) }
        }
        return .dense(
            builder.append(
                Linear(
                    mixed, weight: try tensors(site, "value.weight"), bias: nil,
                    identityPull: fuse.configuration.regularization, in: builder)))
    }

    /// The children that add something at a block's end.
    private func children(at spec: SiteSpec) -> [Int] {
        outputs.children.indices.filter { ChildOutputs.source(at: spec, [outputs.children[$0].outline]) != nil }
    }

    private func names(at spec: SiteSpec) -> [String] { children(at: spec).map { outputs.children[$0].outline.text } }

    /// What is added to their scores; nil: nothing.
    private func prior(at spec: SiteSpec) -> [Float]? {
        fuse.configuration.prior.map { all in children(at: spec).map { Float(log(all[$0])) } }
    }

    func extraKeysValues(layer: Int, input: Value, _ builder: PlanBuilder) throws -> (
        keys: Value, values: Value, rows: Int
    )? { nil }
}
