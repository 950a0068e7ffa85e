import Files
import Foundation
import Models

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
        try WeightedParts(children, weights: weights, of: "an average")
    }

    /// The weights that are left, made to sum to 1; equal ones where they sum to 0 or less.
    package func keeping(_ kept: [Int]) -> (any CompositionBlock)? {
        let left = kept.map { weights[$0] }
        let sum = left.reduce(0, +)
        return Average(weights: sum > 0 ? left.map { $0 / sum } : left.map { _ in 1 / Double(left.count) })
    }

    /// W + Σ wₙ ΔWₙ.
    package func merge(into projection: inout Projection, _ children: [(inout Projection) throws -> Void]) throws {
        try WeightedParts.merge(into: &projection, children, weights: weights)
    }
}
