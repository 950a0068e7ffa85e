import Adapters
import Files

/// DARE with TIES: drops values at random and rescales the others in place of trimming, then elects signs and averages what
/// agrees (Yu et al. 2024, section 3; Yadav et al. 2023).
package struct DARETIES: ValueMerge {
    package static let name = "dare_ties"
    package static let summary = "drops values at random, rescales the rest, elects signs, and averages what agrees"
    package static let options: Set<MergeOptions.Option> = [.density, .scale, .rank, .seed]

    package let weights: [Double]
    private let density: Double
    private let scale: Double
    private let seed: Int
    package var fields: [String: ConfigurationValue] {
        ["density": .number(density), "scale": .number(scale), "seed": .init(seed)]
    }

    package init(_ options: MergeOptions, count: Int) throws(MergeFault) {
        weights = try options.weights(count, default: 1)
        density = try options.density(default: DARELinear.density)
        scale = try options.scale(default: 1)
        seed = options.seed
    }

    package func rule(for vectors: TaskVectors) -> (_ tensor: Int) throws -> [Double] {
        let dropped = vectors.dropped(density: density, seed: seed)
        return { try TIES.agreeing(dropped, weights, scale: scale, $0) }
    }
}
