import Adapters
import Bundles
import Models
import Numerics
import Tasks

/// How much the blocks of a bundle attend to each of their parts, by layer.
package struct MeanAttention: Sendable {
    /// One place in the model where a block attends.
    package struct Place: Sendable, Equatable {
        /// Of the block: `fuse`.
        package let block: String
        /// `afterAttention` or `afterFeedForward`.
        package let site: String
        /// From 0.
        package let layer: Int
        /// Of each part of the block that acts here, by name; they sum to 1.
        package let shares: [String: Double]
    }

    /// The parts, in the order of the composition.
    package let parts: [String]
    /// By block, then by layer.
    package let places: [Place]

    /// The mean over all places, by part; a part that does not act at a place counts as 0 there.
    package var means: [String: Double] {
        Dictionary(
            uniqueKeysWithValues: parts.map { part in
                (part, places.reduce(0) { $0 + ($1.shares[part] ?? 0) } / Double(max(1, places.count)))
            })
    }
}

extension Predictor {
    /// The mean attention over all tokens of examples.
    /// - Throws: `BundleError.members` for a bundle without a fusion
    package func meanAttention(_ examples: [Example]) throws -> MeanAttention {
        let network = try Network(arrangement, seed: 0, precision: precision)
        let (plan, observed) = try network.attention()
        let encoded = encoded(examples)
        var sums = observed.map { [Double](repeating: 0, count: $0.names.count) }
        var tokens = 0
        for indices in encoded.batches(Array(0..<encoded.count), policy: .tokens(4096)) {
            let batch = encoded.batch(indices, task: 0, heads: [])
            let run = plan.run(batch, workspace: session.workspace)
            for (n, shares) in observed.enumerated() {
                let values = run.values(shares.value)
                for row in stride(from: 0, to: values.count, by: shares.value.width) {
                    for (i, column) in shares.columns.enumerated() { sums[n][i] += Double(values[row + column]) }
                }
            }
            tokens += batch.tokens
        }
        let places = zip(observed, sums).map { shares, sums in
            let words = shares.scope.split(separator: "/").map(String.init)
            return MeanAttention.Place(
                block: words[1], site: words[2], layer: Int(words[3]) ?? 0,
                shares: Dictionary(zip(shares.names, sums.map { $0 / Double(max(1, tokens)) }), uniquingKeysWith: +))
        }
        var seen = Set<String>()
        return MeanAttention(
            parts: observed.flatMap(\.names).filter { seen.insert($0).inserted },
            places: places.sorted { ($0.block, $0.layer, $0.site) < ($1.block, $1.layer, $1.site) })
    }
}

extension Network {
    /// A plan from token ids to the shares of every fusion.
    /// - Throws: `BundleError.members` where there is none
    fileprivate func attention() throws -> (plan: Plan, observed: [ObservedShares]) {
        let builder = PlanBuilder(precision: precision)
        builder.observedShares = []
        let encoder = EncoderPlan(
            arrangement.model, operand: operand, plugin: try plugin(), dropout: false, in: builder)
        _ = try encoder.build(pooling: nil)
        let observed = builder.observedShares ?? []
        guard !observed.isEmpty else {
            throw BundleError.members(
                "found \(arrangement.composition?.text ?? "no adapters"), expected a bundle with a fusion: only a fusion attends "
                    + "to adapters")
        }
        return (Plan(builder, outputs: observed.map(\.value), trains: false), observed)
    }
}
