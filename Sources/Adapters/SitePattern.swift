import Models

/// Numbers for some sites: by role ("query"), by layer ("3") or by both ("query/3").
struct SitePattern: Sendable {
    fileprivate var sites: [Site: Double] = [:]
    fileprivate var roles: [Site.Kind: Double] = [:]
    fileprivate var layers: [Int: Double] = [:]

    /// Of role and layer, else of the role, else of the layer; nil where the pattern says nothing.
    subscript(site: Site) -> Double? {
        sites[site] ?? roles[site.kind] ?? site.layer.flatMap { layers[$0] }
    }
}

extension ConfigurationReader {
    /// - Parameters:
    ///   - roles: what configurations call them
    ///   - expected: what a value must be, for the message
    /// - Throws: `AdapterError` for a key or a value that is wrong, or a site that appears twice ("3" and "03")
    func sitePattern(
        _ field: String, roles: [String: Site.Kind], expected: String, _ isRight: (Double) -> Bool
    ) throws(AdapterError) -> SitePattern {
        func wrong(_ found: String, _ expected: String) -> AdapterError {
            .field(source: source, field: field, found: found, expected: expected)
        }
        guard case .map(let map) = self[field] else {
            throw wrong(self[field].json, "a map from projections, layers or both (query/3) to numbers")
        }
        var pattern = SitePattern()
        for (key, value) in map.sorted(by: { $0.key < $1.key }) {
            guard case .number(let number) = value, number.isFinite, isRight(number) else {
                throw wrong("\(key.prefix(40)): \(value.json)", expected)
            }
            let parts = key.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            let layer = parts.last.flatMap(Int.init).flatMap { $0 >= 0 ? $0 : nil }
            let role = roles[parts[0]]
            let former: Double?
            switch (parts.count, role, layer) {
            case (1, let role?, _): former = pattern.roles.updateValue(number, forKey: role)
            case (1, _, let layer?): former = pattern.layers.updateValue(number, forKey: layer)
            case (2, let role?, let layer?):
                former = pattern.sites.updateValue(number, forKey: Site(role, layer: layer))
            default:
                throw wrong(
                    "\"\(key.prefix(40))\"",
                    "a projection (\(roles.keys.sorted().joined(separator: ", "))), a layer (3), or both (query/3)")
            }
            guard former == nil else { throw wrong("\"\(key.prefix(40))\" twice", "each site once") }
        }
        return pattern
    }
}
