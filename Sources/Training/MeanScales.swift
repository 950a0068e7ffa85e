import Adapters
import Models

extension Network {
    /// Kinds of blocks whose scales can be read.
    static var scaling: [String] {
        CompositionBlocks.builtIn.filter { $0 is any LinearBlock.Type && $0 != Scale.self }.map { $0.kind }
    }

    /// What each block that only scales its parts gives each of them: the mean of a part's absolute scales over the columns, as
    /// a share of all parts'. ScaLearn (Frohmann et al. 2023) reads its ω so. No text is needed.
    func scales() throws -> [MeanAttention.Place] {
        guard let composition = arrangement.composition else { return [] }
        return try places(of: Outline(composition, members: arrangement.members))
    }

    private func places(of outline: Outline) throws -> [MeanAttention.Place] {
        guard case .block(let node, let children) = outline else { return [] }
        var places = try children.flatMap { try self.places(of: $0) }
        // One part alone has nothing to share
        guard let block = node.block as? any LinearBlock, children.count > 1 else { return places }
        for spec in arrangement.model.architecture.sites {
            let acting = children.indices.filter { acts(children[$0], at: spec.site) }
            guard let layer = spec.site.layer, !acting.isEmpty else { continue }
            let scales = try acting.map { n in
                let values = try block.weights(ofChild: n, of: children.count, at: spec) {
                    try operand("\(node.scope)/\($0)").values
                }
                return values.reduce(0) { $0 + abs($1) } / Double(max(1, values.count))
            }
            let sum = scales.reduce(0, +)
            places.append(
                MeanAttention.Place(
                    block: node.id, site: spec.site.kind.rawValue, layer: layer,
                    parts: acting.map { children[$0].text },
                    shares: scales.map { sum > 0 ? $0 / sum : 1 / Double(acting.count) }))
        }
        return places
    }

    /// Whether one of its adapters has tensors at a site.
    private func acts(_ outline: Outline, at site: Site) -> Bool {
        outline.adapters.contains { member, _ in
            arrangement.frozen.keys.contains { $0.hasPrefix("\(member.scope)/\(site.name)/") }
        }
    }
}
