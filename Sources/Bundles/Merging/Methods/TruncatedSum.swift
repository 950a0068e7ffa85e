import Adapters

/// The weighted sum of ΔW at a chosen rank: its largest singular vectors (Eckart & Young 1936), exact from the sum's own rank on.
///
/// `adapters` has it as `lora_delta_w_svd` and peft as `svd`, each with another treatment of LoRA's scale; here the scale is
/// part of ΔW.
package struct TruncatedSum: UpdateMerge {
    package static let name = "svd"
    package static let summary = "LoRA's weighted sum at a chosen rank, by default the largest of the ranks"
    package static let options: Set<MergeOptions.Option> = [.rank]

    private let sum: TaskArithmetic
    private let rank: Int?
    package var weights: [Double] { sum.weights }

    package init(_ options: MergeOptions, count: Int) throws(MergeFault) {
        sum = try TaskArithmetic(options, count: count)
        rank = options.rank
    }

    package func rule(for updates: Updates) -> (_ site: Int) throws -> MergedUpdate {
        sum.factorized(updates) { site in
            rank ?? updates.present(at: site).reduce(1) { max($0, $1.update.rank) }
        }
    }
}
