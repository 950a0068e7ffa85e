import Files
import Foundation
import Models
import Numerics

/// The weighted mean of the children's outputs: h + Σₙ wₙ (oₙ − h) with Σ wₙ = 1, where oₙ is what child n makes of h alone.
///
/// For adapters that add uₙ, this is h + Σ wₙ uₙ. (`adapters` 1.3.0 divides by the number of children once more.)
package struct Average: CompositionBlock {
    package static let kind = "average"
    /// One for each child; they sum to 1.
    package let weights: [Double]
    package var fields: [String: ConfigurationValue] { ["weights": .list(weights.map { .number($0) })] }

    /// - Parameter weights: finite numbers that sum to 1
    package init(weights: [Double]) { self.weights = weights }

    /// Without `weights`, all are equal.
    package init(_ fields: BlockFields) throws(BlockFault) {
        try fields.check(["weights"])
        let count = fields.children
        let weights = try fields.numbers("weights") ?? Array(repeating: 1 / Double(count), count: count)
        guard weights.count == count else {
            throw BlockFault(
                "weights", found: counted(weights.count, "number"), expected: "\(count), one for each child")
        }
        let sum = weights.reduce(0, +)
        guard abs(sum - 1) <= 1e-6 else {
            let scaled = weights.map { String(format: "%.6g", $0 / sum) }.joined(separator: ", ")
            throw BlockFault(
                "weights", found: "a sum of \(String(format: "%.6g", sum))",
                expected: "a sum of 1" + (sum > 0 ? ", such as [\(scaled)]" : ""))
        }
        self.weights = weights
    }

    package func plugin(_ children: [ComposedChild], _ architecture: Architecture, _ tensors: MemberTensors)
        throws(AdapterError) -> any SitePlugin
    {
        for (member, method) in children.flatMap(\.outline.adapters) where method.virtualTokens != nil {
            throw .composition(
                "adapter \(member.name): found a prompt in an average, expected adapters that act in the layers; use stack"
            )
        }
        return AveragePlugin(children: children, weights: weights.map { Float($0) })
    }

    /// W + Σ wₙ ΔWₙ.
    package func merge(into projection: inout Projection, _ children: [(inout Projection) throws -> Void]) throws {
        let original = projection
        for (merge, weight) in zip(children, weights) {
            var one = original
            try merge(&one)
            for i in one.weight.indices { projection.weight[i] += Float(weight) * (one.weight[i] - original.weight[i]) }
            guard let bias = one.bias, let old = original.bias else { continue }
            for i in bias.indices { projection.bias?[i] += Float(weight) * (bias[i] - old[i]) }
        }
    }
}

private struct AveragePlugin: SitePlugin {
    let children: [ComposedChild]
    let weights: [Float]

    func shift(at site: SiteSpec) throws -> SiteShift? {
        SiteShift(sum: try zip(children, weights).map { (try $0.plugin.shift(at: site), $1) })
    }

    func delta(at site: Site, _ context: SiteContext) throws -> SiteDelta? {
        let builder = context.builder
        let depth = context.depth
        let deltas = try children.map { try $0.delta(at: site, context) }
        guard deltas.contains(where: { $0.delta != nil }) else { return nil }
        // Where every child adds once, only what they add is summed
        var sum: Value?
        for ((delta, own), weight) in zip(deltas, weights) {
            switch delta {
            case nil where own.depth == depth: continue
            case .dense(let value)? where own.depth == depth:
                sum = builder.append(
                    WeightedSum(
                        [sum, value].compactMap { $0 }, weights: sum == nil ? [weight] : [1, weight], in: builder))
            case .factored(let narrow, let up, let bias, let scale)? where own.depth == depth:
                sum = builder.append(
                    Linear(narrow, weight: up, bias: bias, residual: sum, scale: weight * scale, in: builder))
            case .end?:
                throw AdapterError.composition(
                    "an adapter with original_ln_after false takes the place of the sublayer's residual and norm, which "
                        + "has no average; use stack")
            default: return .replacement(try mean(of: deltas, context))
            }
        }
        return sum.map { .dense($0) }
    }

    /// Σ wₙ oₙ, for children that multiply or add more than once.
    private func mean(of deltas: [(delta: SiteDelta?, site: SiteContext)], _ context: SiteContext) throws -> Value {
        let h = try context.output()
        let outputs = try deltas.map { delta, own in
            // On a fork, since a single adapter shares the block's own view of the site
            let site = own.fork()
            if let delta { site.apply(delta) }
            return site.depth == context.depth ? h : try site.output()
        }
        return context.builder.append(WeightedSum(outputs, weights: weights, in: context.builder))
    }

    func extraKeysValues(layer: Int, input: Value, _ builder: PlanBuilder) throws -> (
        keys: Value, values: Value, rows: Int
    )? {
        for child in children where try child.plugin.extraKeysValues(layer: layer, input: input, builder) != nil {
            throw AdapterError.composition(
                "\(child.outline.text): prefixes are keys and values of attention, which have no average; use stack")
        }
        return nil
    }
}
