import Models

/// A block that only multiplies what its children add, by numbers that do not depend on the text, and adds it up: its adapters
/// can become one (`BundleCollapse`).
package protocol LinearBlock: CompositionBlock {
    /// What a child's output is multiplied with: one number, or one for each column of the site's output.
    /// - Parameters:
    ///   - n: the child's index
    ///   - count: of children
    ///   - tensor: one of the block's own by its name without the scope
    func weights(
        ofChild n: Int, of count: Int, at site: SiteSpec, _ tensor: (String) throws -> [Float]
    ) throws -> [Double]
}

extension LinearBlock {
    /// Of a tensor with a column for each child, the columns of some of them.
    func columns(_ kept: [Int], of count: Int, shape: [Int], values: [Float]) -> (shape: [Int], values: [Float]) {
        let rows = stride(from: 0, to: values.count, by: count)
        return ([shape[0], kept.count], rows.flatMap { row in kept.map { values[row + $0] } })
    }
}

extension Average: LinearBlock {
    package func weights(
        ofChild n: Int, of count: Int, at site: SiteSpec, _ tensor: (String) throws -> [Float]
    ) -> [Double] { [weights[n]] }
}

extension Scale: LinearBlock {
    package func weights(
        ofChild n: Int, of count: Int, at site: SiteSpec, _ tensor: (String) throws -> [Float]
    ) -> [Double] { [factor] }
}

extension ScaLearn: LinearBlock {
    /// Of LoRA at a projection: as at the end of its block.
    package func weights(
        ofChild n: Int, of count: Int, at site: SiteSpec, _ tensor: (String) throws -> [Float]
    ) throws -> [Double] {
        let end = site.site.blockEnd ?? site.site
        let values = try tensor(isShared ? Self.scaling : "\(end.name)/\(Self.scaling)")
        return stride(from: n, to: values.count, by: count).map { Double(values[$0]) }
    }
}
