import Adapters
import Foundation

/// The weighted mean of the adapters: Σ wₙ τₙ with Σ wₙ = 1, as `adapters` averages; of LoRA the mean of ΔW.
package struct AverageMerge: LinearMerge {
    package static let name = "average"
    package static let summary = "the weighted mean; weights sum to 1"
    package static let options: Set<MergeOptions.Option> = [.rank]

    package let weights: [Double]

    package init(_ options: MergeOptions, count: Int) throws(MergeFault) {
        weights = try options.weights(count, default: 1 / Double(count))
        let sum = weights.reduce(0, +)
        guard abs(sum - 1) <= 1e-6 else {
            let scaled = weights.map { String(format: "%.6g", $0 / sum) }.joined(separator: " ")
            throw MergeFault(
                "--weights", found: "a sum of \(String(format: "%.6g", sum))",
                expected: "a sum of 1" + (sum > 0 ? ", such as \(scaled)" : ""),
                fix: "use method \(TaskArithmetic.name) for other sums")
        }
    }
}
