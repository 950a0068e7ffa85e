import Models
import Numerics

/// A composition that does nothing in the lowest layers: adapters are dropped there at prediction (AdapterDrop, Rücklé et al.
/// 2021). Several compositions then share these layers. What acts on the embeddings stays.
package struct UpperLayers: SitePlugin {
    private let plugin: any SitePlugin
    private let first: Int

    /// - Parameter first: the lowest layer where it acts.
    package init(_ plugin: any SitePlugin, from first: Int) {
        self.plugin = plugin
        self.first = first
    }

    package var virtualTokens: VirtualTokens? { plugin.virtualTokens }
    package var mixesTokens: Bool { plugin.mixesTokens }

    private func acts(at layer: Int?) -> Bool { layer.map { $0 >= first } ?? true }

    package func shift(at site: SiteSpec) throws -> SiteShift? {
        acts(at: site.site.layer) ? try plugin.shift(at: site) : nil
    }

    package func delta(at site: Site, _ context: SiteContext) throws -> SiteDelta? {
        acts(at: site.layer) ? try plugin.delta(at: site, context) : nil
    }

    package func extraKeysValues(layer: Int, input: Value, _ builder: PlanBuilder) throws -> (
        keys: Value, values: Value, rows: Int
    )? { acts(at: layer) ? try plugin.extraKeysValues(layer: layer, input: input, builder) : nil }
}
