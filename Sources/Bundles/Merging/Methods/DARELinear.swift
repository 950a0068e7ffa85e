import Adapters
import Files

/// DARE with a weighted sum: drops values at random, rescales the others, then Σ wₙ τₙ (Yu et al. 2024, section 3).
package struct DARELinear: ValueMerge {
    package static let name = "dare_linear"
    package static let summary = "drops values at random, rescales the rest, and sums them"
    package static let options: Set<MergeOptions.Option> = [.density, .rank, .seed]
    /// Where no other is given.
    static let density = 0.5

    package let weights: [Double]
    private let density: Double
    private let seed: Int
    package var fields: [String: ConfigurationValue] { ["density": .number(density), "seed": .init(seed)] }

    package init(_ options: MergeOptions, count: Int) throws(MergeFault) {
        weights = try options.weights(count, default: 1)
        density = try options.density(default: Self.density)
        seed = options.seed
    }

    package func rule(for vectors: TaskVectors) -> (_ tensor: Int) throws -> [Double] {
        let dropped = vectors.dropped(density: density, seed: seed)
        return { try dropped.sum(weights, $0) }
    }
}
