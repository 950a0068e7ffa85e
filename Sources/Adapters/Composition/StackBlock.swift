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

    /// Of the first that has any: a site's attention takes one set.
    func extraKeysValues(layer: Int, _ builder: PlanBuilder) throws -> (keys: Value, values: Value, rows: Int)? {
        for block in blocks {
            if let extra = try block.extraKeysValues(layer: layer, builder) { return extra }
        }
        return nil
    }
}
