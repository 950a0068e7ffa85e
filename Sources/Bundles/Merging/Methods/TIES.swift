import Adapters
import Files

/// TIES: trim, elect signs, merge what agrees (Yadav et al. 2023, section 4, algorithm 1).
///
/// Of each whole vector τₙ, the `density` of largest magnitude stays. At each place, γ = sign(Σ wₙ τₙ), and the result is λ times
/// the mean, weighted by |wₙ|, of those wₙ τₙ / |wₙ| that are not 0 and have sign γ. With equal weights this is the paper.
package struct TIES: ValueMerge {
    package static let name = "ties"
    package static let summary = "trims to the largest values, elects signs, and averages what agrees"
    package static let options: Set<MergeOptions.Option> = [.density, .scale, .rank]

    package let weights: [Double]
    private let density: Double
    private let scale: Double
    package var fields: [String: ConfigurationValue] { ["density": .number(density), "scale": .number(scale)] }

    package init(_ options: MergeOptions, count: Int) throws(MergeFault) {
        weights = try options.weights(count, default: 1)
        density = try options.density(default: 0.2)
        scale = try options.scale(default: 1)
    }

    package func rule(for vectors: TaskVectors) throws -> (_ tensor: Int) throws -> [Double] {
        let kept = max(1, Int(density * Double(vectors.size)))
        let thresholds = try (0..<vectors.count).map { try Self.magnitude(of: kept, from: vectors, adapter: $0) }
        let trimmed = vectors.map { adapter, _, values in
            for i in values.indices where values[i].magnitude < thresholds[adapter] { values[i] = 0 }
        }
        return { try Self.agreeing(trimmed, weights, scale: scale, $0) }
    }

    /// Signs by the weighted sum (0 counts as positive), then the mean of what has them.
    static func agreeing(
        _ vectors: TaskVectors, _ weights: [Double], scale: Double, _ tensor: Int
    ) throws -> [Double] {
        let all = try weights.indices.map { try vectors.values($0, tensor) }
        return (0..<vectors.tensors[tensor].count).map { i in
            var elected = 0.0
            for (values, weight) in zip(all, weights) { elected += weight * Double(values[i]) }
            var (sum, norm) = (0.0, 0.0)
            for (values, weight) in zip(all, weights) {
                let value = weight * Double(values[i])
                guard elected < 0 ? value < 0 : value > 0 else { continue }
                sum += value
                norm += abs(weight)
            }
            return norm > 0 ? scale * sum / norm : 0
        }
    }

    /// The `count`-th largest magnitude of an adapter's values: by counting, in two passes over the bits.
    private static func magnitude(of count: Int, from vectors: TaskVectors, adapter: Int) throws -> Float {
        var rest = count
        func digit(_ isCounted: (UInt32) -> Bool, _ digit: (UInt32) -> Int) throws -> Int {
            var counts = [Int](repeating: 0, count: 1 << 16)
            for tensor in vectors.tensors.indices {
                for value in try vectors.values(adapter, tensor) {
                    let bits = value.magnitude.bitPattern
                    if isCounted(bits) { counts[digit(bits)] += 1 }
                }
            }
            for digit in counts.indices.reversed() {
                guard counts[digit] < rest else { return digit }
                rest -= counts[digit]
            }
            return 0
        }
        // Bits of numbers that are not negative are in the numbers' order
        let high = try digit({ _ in true }, { Int($0 >> 16) })
        let low = try digit({ Int($0 >> 16) == high }, { Int($0 & 0xFFFF) })
        return Float(bitPattern: UInt32(high << 16 | low))
    }
}
