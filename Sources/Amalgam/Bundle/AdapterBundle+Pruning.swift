import Bundles

extension AdapterBundle {
    /// One of the bundle's adapters by itself, without heads.
    /// - Parameter name: As ``members`` have it.
    /// - Throws: ``AmalgamError/Kind/composition`` if there is no adapter of this name.
    public func adapter(named name: String) throws(AmalgamError) -> AdapterBundle {
        AdapterBundle(try translated { try stored.adapter(named: name) })
    }
}
