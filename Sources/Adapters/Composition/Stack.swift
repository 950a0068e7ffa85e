import Files
import Models
import Numerics

/// Adapters one upon the other (Pfeiffer et al. 2020, section 3.3), the lowest first: each reads the site as the ones below
/// leave it, and adds to that.
package struct Stack: CompositionBlock {
    package static let kind = "stack"
    package var fields: [String: ConfigurationValue] { [:] }

    package init() {}

    package init(_ fields: BlockFields) throws(BlockFault) { try fields.check([]) }

    package func plugin(_ children: [ComposedChild], _ architecture: Architecture, _ tensors: MemberTensors)
        throws(AdapterError) -> any SitePlugin
    { StackPlugin(blocks: children.map(\.plugin)) }

    package func merge(into projection: inout Projection, _ children: [(inout Projection) throws -> Void]) throws {
        for merge in children { try merge(&projection) }
    }
}

private struct StackPlugin: SitePlugin {
    /// The lowest first.
    let blocks: [any SitePlugin]

    func shift(at site: SiteSpec) throws -> SiteShift? {
        SiteShift(sum: try blocks.map { (try $0.shift(at: site), 1) })
    }

    /// The delta of the highest part that acts here; the parts below it are applied to the site.
    func delta(at site: Site, _ context: SiteContext) throws -> SiteDelta? {
        let depth = context.depth
        var last: SiteDelta?
        for block in blocks {
            if let below = last { context.apply(below) }
            last = try block.delta(at: site, context)
        }
        if last == nil, context.depth > depth { return context.takeLast() }
        return last
    }

    /// Those of all parts, of later ones first, as the `adapters` library puts each before what is there.
    func extraKeysValues(layer: Int, input: Value, _ builder: PlanBuilder) throws -> (
        keys: Value, values: Value, rows: Int
    )? {
        Stack.joined(try blocks.map { try $0.extraKeysValues(layer: layer, input: input, builder) }, in: builder)
    }
}

extension Stack {
    /// The keys and values of several parts, the lowest's first in the list and last in the result; nil: there are none.
    static func joined(
        _ parts: [(keys: Value, values: Value, rows: Int)?], in builder: PlanBuilder
    ) -> (keys: Value, values: Value, rows: Int)? {
        let extra = parts.reversed().compactMap { $0 }
        guard extra.count > 1 else { return extra.first }
        return (
            builder.append(Concatenate(extra.map(\.keys), in: builder)),
            builder.append(Concatenate(extra.map(\.values), in: builder)), extra.reduce(0) { $0 + $1.rows }
        )
    }
}
