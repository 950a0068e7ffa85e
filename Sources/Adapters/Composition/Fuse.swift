import Files
import Models
import Numerics

/// AdapterFusion (Pfeiffer et al. 2021, section 3.2): at each site, attention of the token's representation over the
/// children's outputs.
///
/// query = what the last child's last adapter reads; keys and values uₙ = what each child adds last: an adapter's
/// up-projection without residual, of a stack that of its highest adapter; out = Σ pₙ V uₙ. Each child sees the site as the
/// fusion finds it.
///
/// A child may also be a LoRA on the projections at the ends of the blocks (`attention_output`, `output`): uₙ = s B A x, in the
/// same space as what bottlenecks add there. It is held back at the projection and weighed with the others at the block's end,
/// so the block's dropout does not apply to it; as the last child, its query is the block's output h. (`adapters` 1.3.0 fuses
/// bottlenecks alone.)
package struct Fuse: CompositionBlock {
    package static let kind = "fuse"
    package let configuration: FusionConfiguration
    package var fields: [String: ConfigurationValue] { configuration.fields }

    package init(_ configuration: FusionConfiguration) { self.configuration = configuration }

    package init(_ fields: BlockFields) throws(BlockFault) { configuration = try FusionConfiguration(fields) }

    /// Over the sites at which a child adds something: Q and K N(0, 0.02) with zero biases, V the identity with 1e-6 off
    /// the diagonal.
    package func specs(_ children: [Outline], _ architecture: Architecture, scope: String) throws(AdapterError)
        -> [ParameterSpec]
    {
        try check(children, architecture)
        return architecture.sites(.afterAttention, .afterFeedForward).filter { source(at: $0, children) != nil }
            .flatMap { site in
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
        try check(children.map(\.outline), architecture)
        return FusePlugin(
            children: children, fuse: self, dropout: architecture.configuration.attentionDropout, tensors: tensors)
    }

    /// The softmax runs over those that are left.
    package func keeping(_ kept: [Int]) -> (any CompositionBlock)? { self }

    /// What the query is made of at a block's end: what the last child that adds there reads; nil: none adds.
    fileprivate func source(at site: SiteSpec, _ children: [Outline]) -> Bottleneck.Source? {
        children.reversed().lazy.compactMap { child in
            child.bottleneck(at: site)?.source ?? (Self.update(of: child, at: site.site) ? .output : nil)
        }.first
    }

    /// Whether a child is an adapter that adds to the projection at a block's end.
    fileprivate static func update(of child: Outline, at end: Site) -> Bool {
        guard case .leaf(_, let method) = child, let projection = end.projectionBefore else { return false }
        return method.notFusable == nil && method.adds(at: projection)
    }

    package func merge(into projection: inout Projection, _ children: [(inout Projection) throws -> Void]) throws {
        throw AdapterError.composition(
            "a fusion attends anew for each token, so it cannot be part of a transformers model; use --format adapterhub, "
                + "which can hold it")
    }

    /// - Throws: `AdapterError.composition` for an adapter that adds nothing which a fusion could weigh
    private func check(_ children: [Outline], _ architecture: Architecture) throws(AdapterError) {
        for child in children {
            for (member, method) in child.adapters {
                if let hindrance = Self.hindrance(method, architecture) {
                    guard !(method is BottleneckAdapter) else {
                        throw .composition(
                            "adapter \(member.name): found a bottleneck that replaces the sublayer's output "
                                + "(residual_before_ln, adapter_residual_before_ln or original_ln_after), expected one "
                                + "that adds to it; compose it with stack, or train it again with --config seq_bn")
                    }
                    throw .composition(
                        "adapter \(member.name): found method \(member.configuration.method), expected \(Self.fusable); "
                            + hindrance)
                }
                if case .block(let node, _) = child, !Self.hasBottlenecks(method, architecture) {
                    throw .composition(
                        "\(Composition.block(node).text): found method \(member.configuration.method) of adapter "
                            + "\(member.name) in a block within a fusion, expected bottleneck; there, only bottleneck "
                            + "adapters have an output of their own; make it a part of the fusion itself")
                }
            }
        }
    }

    /// What a fusion attends over, for messages.
    package static let fusable = "bottleneck, or lora or vera on attention_output and output alone"

    /// Why a fusion cannot attend over an adapter; nil: it can.
    package static func hindrance(_ method: any AdapterMethod, _ architecture: Architecture) -> String? {
        hasBottlenecks(method, architecture) ? nil : method.notFusable
    }

    private static func hasBottlenecks(_ method: any AdapterMethod, _ architecture: Architecture) -> Bool {
        architecture.sites(.afterAttention, .afterFeedForward).contains { method.bottleneck(at: $0) != nil }
    }
}

extension Site {
    /// At the end of a block: the projection whose output the block ends with.
    fileprivate var projectionBefore: Site? {
        switch kind {
        case .afterAttention: Site(.attentionOutput, layer: layer)
        case .afterFeedForward: Site(.feedForwardOutput, layer: layer)
        default: nil
        }
    }
}

/// What children have added to projections, until the ends of the blocks: by projection, then by child.
private final class HeldBack {
    var outputs: [Site: [Int: Value]] = [:]
}

private struct FusePlugin: SitePlugin {
    let children: [ComposedChild]
    let fuse: Fuse
    let dropout: Float
    let tensors: MemberTensors
    private let heldBack = HeldBack()

    init(children: [ComposedChild], fuse: Fuse, dropout: Float, tensors: MemberTensors) {
        self.children = children
        self.fuse = fuse
        self.dropout = dropout
        self.tensors = tensors
    }

    func delta(at site: Site, _ context: SiteContext) throws -> SiteDelta? {
        let outlines = children.map(\.outline)
        if site.kind == .attentionOutput || site.kind == .feedForwardOutput { try holdBack(at: site, context) }
        guard [.afterAttention, .afterFeedForward].contains(site.kind),
            let last = fuse.source(at: context.spec, outlines)
        else { return nil }
        let builder = context.builder
        let source = try context.value(last)
        let parts = try narrowParts(at: context.spec)
        let outputs = parts == nil ? try outputs(at: site, context) : []

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
        if let parts {
            let ups = stackedUps(parts, output: context.spec.output)
            let throughUps = builder.append(
                Linear(seen, weight: .frozen(ups), bias: nil, weightTransposed: true, in: builder))
            let narrow = builder.append(
                FusionMix(
                    w: throughUps, z: try self.narrow(parts, context), queryBias: queryBias,
                    widths: parts.map(\.shape.width), temperature: temperature, dropout: random, in: builder))
            builder.observedShares?.append(
                ObservedShares(
                    scope: tensors.scope(site), value: narrow, columns: narrow.width - parts.count..<narrow.width,
                    names: names(at: context.spec)))
            guard fuse.configuration.value else {
                return .factored(narrow: narrow, up: .frozen(ups), bias: nil, scale: 1)
            }
            mixed = builder.append(Linear(narrow, weight: .frozen(ups), bias: nil, in: builder))
        } else {
            if builder.observedShares != nil {
                let shares = builder.append(
                    AttentionShares(
                        query: seen, queryBias: queryBias, outputs: outputs, temperature: temperature, in: builder))
                builder.observedShares?.append(
                    ObservedShares(
                        scope: tensors.scope(site), value: shares, columns: 0..<outputs.count,
                        names: names(at: context.spec)))
            }
            mixed = builder.append(
                AdapterAttention(
                    query: seen, queryBias: queryBias, outputs: outputs, temperature: temperature, dropout: random,
                    in: builder))
            guard fuse.configuration.value else { return .dense(mixed) }
        }
        return .dense(
            builder.append(
                Linear(
                    mixed, weight: try tensors(site, "value.weight"), bias: nil,
                    identityPull: fuse.configuration.regularization, in: builder)))
    }

    func extraKeysValues(layer: Int, input: Value, _ builder: PlanBuilder) throws -> (
        keys: Value, values: Value, rows: Int
    )? { nil }

    /// The children that add something at a block's end.
    private func names(at spec: SiteSpec) -> [String] {
        children.filter { fuse.source(at: spec, [$0.outline]) != nil }.map(\.outline.text)
    }

    /// What each child adds last, [rows, width] each; a child that does nothing here is skipped.
    private func outputs(at site: Site, _ context: SiteContext) throws -> [Value] {
        let before = site.projectionBefore.flatMap { heldBack.outputs[$0] } ?? [:]
        return try children.enumerated().compactMap { i, child in
            if let value = before[i] { return value }
            let (delta, own) = try child.delta(at: site, context)
            return try output(delta, of: child, own.builder)
        }
    }

    /// Computes what children add to a projection, for the block's end.
    private func holdBack(at projection: Site, _ context: SiteContext) throws {
        let end = Site(
            projection.kind == .attentionOutput ? .afterAttention : .afterFeedForward, layer: projection.layer)
        for (i, child) in children.enumerated() where Fuse.update(of: child.outline, at: end) {
            let (delta, own) = try child.delta(at: projection, context)
            heldBack.outputs[projection, default: [:]][i] = try output(delta, of: child, own.builder)
        }
    }

    private func output(_ delta: SiteDelta?, of child: ComposedChild, _ builder: PlanBuilder) throws -> Value? {
        switch delta {
        case nil: nil
        case .dense(let value)?: value
        case .factored(let narrow, let up, let bias, let scale)?:
            builder.append(Linear(narrow, weight: up, bias: bias, scale: scale, in: builder))
        case .replacement?, .end?:
            throw AdapterError.composition(
                "\(child.outline.text) replaces the output, and a fusion attends over what adapters add")
        }
    }
}

// MARK: - Frozen bottlenecks

/// The wide form: all frozen bottlenecks run as one product (see `FusionMix`), and none is projected up by itself.
extension FusePlugin {
    private struct Part {
        let shape: Bottleneck
        let down: Operand
        let downBias: Operand
        let up: Operand
        let upBias: Operand
    }

    /// nil: a child is no single plain bottleneck, or is trained.
    private func narrowParts(at spec: SiteSpec) throws -> [Part]? {
        var parts: [Part] = []
        for child in children {
            guard let leaf = child.leaf, !Fuse.update(of: child.outline, at: spec.site) else { return nil }
            guard let shape = leaf.method.bottleneck(at: spec) else { continue }
            guard shape.isPlain else { return nil }
            let (tensors, site) = (leaf.tensors, spec.site)
            let part = Part(
                shape: shape, down: try tensors(site, "down.weight"), downBias: try tensors(site, "down.bias"),
                up: try tensors(site, "up.weight"), upBias: try tensors(site, "up.bias"))
            guard [part.down, part.downBias, part.up, part.upBias].allSatisfy({ !$0.isTrainable }) else { return nil }
            parts.append(part)
        }
        return parts
    }

    /// All members' narrow activations side by side, [rows, Σ widths]: neighbours that read the same value with the same
    /// non-linearity share one wide product.
    private func narrow(_ parts: [Part], _ context: SiteContext) throws -> Value {
        var groups: [[Part]] = []
        for part in parts {
            if let shape = groups.last?.first?.shape, shape.source == part.shape.source,
                shape.activation == part.shape.activation
            {
                groups[groups.count - 1].append(part)
            } else {
                groups.append([part])
            }
        }
        let values = try groups.map { group in
            let width = group.reduce(0) { $0 + $1.shape.width }
            let input = try context.value(group[0].shape.source)
            let down = Weight(group.flatMap { $0.down.array }, shape: [width, input.width])
            let bias = Weight(group.flatMap { $0.downBias.array }, shape: [width])
            let sum = context.builder.append(
                Linear(input, weight: .frozen(down), bias: .frozen(bias), in: context.builder))
            return context.builder.append(Activation(sum, group[0].shape.activation, in: context.builder))
        }
        return values.count == 1 ? values[0] : context.builder.append(Concatenate(values, in: context.builder))
    }

    /// [output, Σ widths + N]: the scaled up matrices side by side, then their scaled biases as one column each.
    private func stackedUps(_ parts: [Part], output: Int) -> Weight {
        let width = parts.reduce(0) { $0 + $1.shape.width } + parts.count
        var values = [Float](repeating: 0, count: output * width)
        var column = 0
        for (n, part) in parts.enumerated() {
            let (up, bias, r) = (part.up.array, part.upBias.array, part.shape.width)
            for row in 0..<output {
                for c in 0..<r { values[row * width + column + c] = part.shape.scale * up[row * r + c] }
                values[row * width + width - parts.count + n] = part.shape.scale * bias[row]
            }
            column += r
        }
        return Weight(values, shape: [output, width])
    }
}

extension Operand {
    fileprivate var array: [Float] {
        Array(UnsafeBufferPointer(start: floats, count: shape.reduce(1, *)))
    }
}
