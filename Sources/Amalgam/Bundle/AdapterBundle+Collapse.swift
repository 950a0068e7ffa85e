import Bundles

extension AdapterBundle {
    /// The bundle as one adapter with equal outputs, for a composition that only multiplies and adds what its adapters add.
    ///
    /// `scalearn`, `average` and `scale` over plain bottlenecks of one form are a bottleneck of the summed width; over LoRA they are
    /// LoRA of the summed rank, as is `cat`. The result can be exported where the composition cannot. Heads, language adapter and
    /// provenance stay; the provenance's settings have the composition and the adapters' content hashes under `collapse`.
    ///
    /// ```swift
    /// let one = try scaled.collapsed()
    /// ```
    /// - Parameter name: Of the bundle and its adapter; nil for the bundle's name.
    /// - Throws: ``AmalgamError/Kind/composition``, naming the block or the adapter's field, for a composition that is not such a
    ///   sum: a fusion attends anew for each token, an adapter of a stack reads what the ones below it add.
    public func collapsed(name: String? = nil) throws(AmalgamError) -> AdapterBundle {
        try translated { AdapterBundle(try BundleCollapse(stored, file: label).run(name: name)) }
    }
}
