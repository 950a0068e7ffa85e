import Adapters
import Models

/// LoRA: the merged ΔW as an adapter of its own.
extension BundleMerge {
    /// The configuration, the tensors, named as `Member.specs` without the scope, and the share of ΔW's squared norm that the
    /// ranks keep.
    func mergedUpdates() throws -> (AdapterConfiguration, [NamedTensor], kept: Double) {
        let updates = try Updates(members, architecture, tensor: values)
        let rule: (Int) throws -> MergedUpdate
        switch method {
        case let method as any UpdateMerge: rule = try method.rule(for: updates)
        case let method as any LinearMerge:
            rule = method.factorized(updates) { options.rank ?? updates.sumOfRanks(at: $0) }
        case let method as any ValueMerge:
            rule = try method.factorized(updates) { options.rank ?? updates.sumOfRanks(at: $0) }
        default:
            throw BundleError.merge(
                file: nil, field: "--method", found: type(of: method).name, expected: "a method for LoRA", fix: nil)
        }
        var merged: [(site: SiteSpec, update: LowRank)] = []
        var (kept, whole) = (0.0, 0.0)
        for (place, site) in updates.sites.enumerated() {
            let result = try rule(place)
            merged.append((site, result.update))
            kept += result.kept
            whole += result.whole
        }
        let tensors = merged.flatMap { site, update in
            [
                NamedTensor("\(site.site.name)/A", [update.rank, site.input], update.a),
                NamedTensor("\(site.site.name)/B", [site.output, update.rank], update.b),
            ]
        }
        return (
            try RankPatterns.configuration(merged.map { ($0.site, $0.update.rank) }, members: members, architecture),
            tensors,
            whole > 0 ? min(1, kept / whole) : 1
        )
    }
}
