import Adapters
import Numerics

/// LoRA side by side: A = [A₁; A₂; …] and B = [w₁ s₁ B₁, w₂ s₂ B₂, …], so that B A = Σ wₙ sₙ Bₙ Aₙ at any ranks, exactly.
package struct Concatenation: UpdateMerge {
    package static let name = "cat"
    package static let summary = "LoRA side by side: the weighted sum, exact, with the sum of the ranks"

    package let weights: [Double]

    package init(_ options: MergeOptions, count: Int) throws(MergeFault) {
        weights = try options.weights(count, default: 1)
    }

    package func rule(for updates: Updates) -> (_ site: Int) throws -> MergedUpdate {
        { site in
            let parts = updates.present(at: site)
            let output = updates.sites[site].output
            let b = (0..<output).flatMap { o in
                parts.flatMap { adapter, update in
                    update.b[o * update.rank..<(o + 1) * update.rank].map {
                        Float(weights[adapter] * Double(update.scale) * Double($0))
                    }
                }
            }
            return MergedUpdate(
                LowRank(rank: updates.sumOfRanks(at: site), a: parts.flatMap(\.update.a), b: b))
        }
    }
}
