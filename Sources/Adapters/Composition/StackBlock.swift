import Models
import Numerics

/// Adapters one upon the other (Pfeiffer et al. 2020, section 3.3): each reads the site as the ones below leave it, and
/// adds to that.
struct StackBlock: SitePlugin {
    /// The lowest first.
    let blocks: [any SitePlugin]

    func delta(at site: Site, _ context: SiteContext) throws -> SiteDelta? {
        var last: SiteDelta?
        for block in blocks {
            if let below = last { context.apply(below) }
            last = try block.delta(at: site, context)
        }
        return last
    }

    /// Those of all parts, of later ones first, as the `adapters` library puts each before what is there.
    func extraKeysValues(layer: Int, _ builder: PlanBuilder) throws -> (keys: Value, values: Value, rows: Int)? {
        let extra = try blocks.reversed().compactMap { try $0.extraKeysValues(layer: layer, builder) }
        guard extra.count > 1 else { return extra.first }
        return (
            builder.append(Concatenate(extra.map(\.keys), in: builder)),
            builder.append(Concatenate(extra.map(\.values), in: builder)), extra.reduce(0) { $0 + $1.rows }
        )
    }
}
