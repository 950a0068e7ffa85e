import Files
import Models
import Numerics

/// Learned concatenation of LoRA (CAT; Prabhakar et al. 2024, LoRA Soups, section 3): ΔW = Σₙ αₙ sₙ Bₙ Aₙ with a number α for each
/// adapter and projection. α starts at 1/N.
///
/// Frozen adapters run as one update of the summed rank.
package struct Cat: CompositionBlock {
    package static let kind = "cat"
    /// α in a bundle: [1, N] at each projection that a child changes.
    package static let weights = "weights"
    package var fields: [String: ConfigurationValue] { [:] }

    package init() {}

    package init(_ fields: BlockFields) throws(BlockFault) { try fields.check([]) }

    package func specs(_ children: [Outline], _ architecture: Architecture, scope: String) throws(AdapterError)
        -> [ParameterSpec]
    {
        try StackedUpdates.check(children, of: Self.kind)
        let start = [Float](repeating: 1 / Float(children.count), count: children.count)
        return StackedUpdates.sites(children, architecture).map {
            ParameterSpec("\(scope)/\($0.site.name)/\(Self.weights)", [1, children.count], .values(start))
        }
    }

    package func plugin(_ children: [ComposedChild], _ architecture: Architecture, _ tensors: MemberTensors)
        throws(AdapterError) -> any SitePlugin
    {
        try StackedUpdates.check(children.map(\.outline), of: Self.kind)
        return CatPlugin(children: children, tensors: tensors)
    }

    /// The weights of the others stay as they are.
    package func keeping(_ kept: [Int]) -> (any CompositionBlock)? { self }

    /// α has a column for each child.
    package func keeping(_ kept: [Int], of count: Int, shape: [Int], values: [Float]) -> (shape: [Int], values: [Float])
    {
        columns(kept, of: count, shape: shape, values: values)
    }

    package func merge(into projection: inout Projection, _ children: [(inout Projection) throws -> Void]) throws {
        throw AdapterError.composition(
            "cat has weights of its own, which no projection knows; make one adapter of it with amalgam collapse, and "
                + "merge that")
    }
}

extension Cat: LinearBlock {
    package func weights(
        ofChild n: Int, of count: Int, at site: SiteSpec, _ tensor: (String) throws -> [Float]
    ) throws -> [Double] { [Double(try tensor("\(site.site.name)/\(Self.weights)")[n])] }
}

private struct CatPlugin: SitePlugin {
    let children: [ComposedChild]
    let tensors: MemberTensors

    func delta(at site: Site, _ context: SiteContext) throws -> SiteDelta? {
        let updates = try StackedUpdates(children, at: site)
        guard !updates.parts.isEmpty else { return nil }
        let builder = context.builder
        let scales = LearnedScales(
            scales: try tensors(site, Cat.weights), name: "\(tensors.scope(site))/\(Cat.weights)")
        guard updates.isPlain else {
            // Adapters that learn, or drop some of what they read
            let outputs = try updates.parts.compactMap { part -> (child: Int, value: Value)? in
                guard case .factored(let narrow, let up, let bias, let scale)? = try part.leaf.delta(at: site, context)
                else { return nil }
                return (
                    part.child, builder.append(Linear(narrow, weight: up, bias: bias, scale: scale, in: builder))
                )
            }
            return .dense(scales.sum(of: outputs, in: builder))
        }
        let weighted = scales.weighted(
            updates.narrow(context), biases: nil, blocks: updates.parts.map { ($0.child, $0.rank) }, in: builder)
        return .factored(
            narrow: weighted.narrow, up: .frozen(updates.ups(output: context.spec.output)), bias: nil, scale: 1)
    }

    func extraKeysValues(layer: Int, input: Value, _ builder: PlanBuilder) throws -> (
        keys: Value, values: Value, rows: Int
    )? { nil }
}
