import Adapters
import Files
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
        return (try configuration(merged), tensors, whole > 0 ? min(1, kept / whole) : 1)
    }

    /// LoRA with these ranks and s = 1: α is the rank everywhere.
    private func configuration(_ merged: [(site: SiteSpec, update: LowRank)]) throws -> AdapterConfiguration {
        let ranks = Dictionary(merged.map { ($0.site.site, $0.update.rank) }) { first, _ in first }
        func most(_ ranks: some Sequence<Int>) -> Int {
            var counts: [Int: Int] = [:]
            for rank in ranks { counts[rank, default: 0] += 1 }
            return counts.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key ?? 1
        }
        let usual = most(ranks.values.filter { $0 > 0 })
        let roles = SiteRoles.projections.filter { role in ranks.keys.contains { $0.kind == role.kind } }
        var rankPattern: [String: ConfigurationValue] = [:]
        var alphaPattern: [String: ConfigurationValue] = [:]
        for role in roles {
            let sites = architecture.sites(role.kind).map(\.site)
            // A rank of its own for the role, then for its layers that differ
            let own = most(sites.map { ranks[$0] ?? 0 })
            func set(_ rank: Int, _ key: String) {
                rankPattern[key] = .init(rank)
                if rank > 0 { alphaPattern[key] = .init(rank) }
            }
            if own != usual { set(own, role.name) }
            for site in sites where (ranks[site] ?? 0) != own {
                set(ranks[site] ?? 0, site.layer.map { "\(role.name)/\($0)" } ?? role.name)
            }
        }
        var fields: [String: ConfigurationValue] = [
            "rank": .init(usual), "alpha": .init(usual), "rslora": .bool(false), "leave_out": .list([]),
            "targets": .list(roles.map { .string($0.name) }), "rank_pattern": .map(rankPattern),
            "alpha_pattern": .map(alphaPattern),
        ]
        // What shapes only further training stays where all agree
        for field in LoRA.trainingFields where field != "init_lora_weights" {
            let values = members.map { $0.configuration.fields[field] }
            if let value = values[0], values.allSatisfy({ $0 == value }) { fields[field] = value }
        }
        return try AdapterConfiguration(method: LoRA.name, fields: fields, source: "the merged adapter")
    }
}
