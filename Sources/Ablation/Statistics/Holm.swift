/// Holm's correction for many comparisons (1979): the chance of even one false finding stays below the level.
enum Holm {
    /// Adjusted p-values, in the order of `p`.
    static func adjusted(_ p: [Double]) -> [Double] {
        var adjusted = p
        var largest = 0.0
        for (rank, i) in p.indices.sorted(by: { (p[$0], $0) < (p[$1], $1) }).enumerated() {
            largest = max(largest, min(1, p[i] * Double(p.count - rank)))
            adjusted[i] = largest
        }
        return adjusted
    }
}
