import Adapters
import Models

/// What several LoRA adapters change, site by site. Where one has no update, its ΔW is 0.
package struct Updates {
    /// The projections that any of them changes, in the order of the computation.
    package let sites: [SiteSpec]
    /// By adapter, then by site; nil: no update.
    let parts: [[LowRank?]]

    /// - Parameter tensor: of an adapter by its full name: `members/NAME/query/3/A`
    init(
        _ members: [Member], _ architecture: Architecture, tensor: (_ adapter: Int, _ name: String) throws -> [Float]
    ) throws {
        let all = try members.map { try LoRAUpdates($0, architecture)?.list ?? [] }
        let changed = Set(all.joined().map(\.site.site))
        let sites = architecture.sites.filter { changed.contains($0.site) }
        self.sites = sites
        parts = try zip(members, all).enumerated().map { adapter, part in
            let (member, list) = part
            let own = Dictionary(list.map { ($0.site.site, $0) }) { first, _ in first }
            return try sites.map { site in
                try own[site.site].map { update in
                    let scope = "\(member.scope)/\(site.site.name)"
                    return LowRank(
                        rank: update.rank, scale: update.scale, a: try tensor(adapter, "\(scope)/A"),
                        b: try tensor(adapter, "\(scope)/B"))
                }
            }
        }
    }

    /// The updates at a site, each with its adapter.
    func present(at site: Int) -> [(adapter: Int, update: LowRank)] {
        parts.enumerated().compactMap { adapter, updates in updates[site].map { (adapter, $0) } }
    }

    /// Σ of the ranks at a site: what any weighted sum fits into.
    func sumOfRanks(at site: Int) -> Int { present(at: site).reduce(0) { $0 + $1.update.rank } }

    /// ΔW of each: [output, input] by site.
    var changes: TaskVectors {
        TaskVectors(count: parts.count, tensors: sites.map { ($0.site.name, $0.input * $0.output) }) { adapter, site in
            let spec = sites[site]
            return parts[adapter][site]?.product(input: spec.input, output: spec.output)
                ?? [Float](repeating: 0, count: spec.input * spec.output)
        }
    }
}

extension ValueMerge {
    /// Merges ΔW and factorizes the result.
    /// - Parameter rank: at a site: the largest that is kept
    func factorized(_ updates: Updates, rank: @escaping (_ site: Int) -> Int) throws -> (_ site: Int) throws ->
        MergedUpdate
    {
        let rule = try rule(for: updates.changes)
        return { site in
            let spec = updates.sites[site]
            return MergedUpdate(try rule(site), input: spec.input, output: spec.output, rank: rank(site))
        }
    }
}

extension LinearMerge {
    /// The same in the space of the updates' columns, where nothing is lost and matrices are small.
    func factorized(_ updates: Updates, rank: @escaping (_ site: Int) -> Int) -> (_ site: Int) throws -> MergedUpdate {
        { site in
            let (spec, parts) = (updates.sites[site], updates.present(at: site))
            let space = ColumnSpace(parts.map(\.update), output: spec.output)
            var sum = [Double](repeating: 0, count: space.basis.count * spec.input)
            for (adapter, update) in parts {
                for (i, value) in space.coordinates(update, input: spec.input).enumerated() {
                    sum[i] += weights[adapter] * value
                }
            }
            return MergedUpdate(sum, input: spec.input, output: spec.output, rank: rank(site), space: space)
        }
    }
}
