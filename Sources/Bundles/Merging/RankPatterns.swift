import Adapters
import Files
import Models

/// The configuration of a LoRA that was made of several: with a rank of its own at each site.
enum RankPatterns {
    /// LoRA with these ranks and s = 1: α is the rank everywhere.
    /// - Parameter members: that it was made of; what shapes only further training stays where all agree
    static func configuration(
        _ sites: [(site: SiteSpec, rank: Int)], members: [Member], _ architecture: Architecture
    ) throws -> AdapterConfiguration {
        let ranks = Dictionary(sites.map { ($0.site.site, $0.rank) }) { first, _ in first }
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
        for field in LoRA.trainingFields where field != "init_lora_weights" {
            let values = members.map { $0.configuration.fields[field] }
            if let value = values[0], values.allSatisfy({ $0 == value }) { fields[field] = value }
        }
        return try AdapterConfiguration(method: LoRA.name, fields: fields, source: "the merged adapter")
    }
}
