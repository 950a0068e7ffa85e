import Adapters
import Reporting

/// The control for a fusion: one adapter that trains as many parameters. It has two bottlenecks a layer, each three quarters
/// of the hidden size wide: 4 · ¾ hidden² = 3 hidden², what a fusion's query, key and value have.
package enum WideAdapterArm: TrainedArm {
    package static let name = "wide_adapter"
    package static let label = "adapter as large as the fusion"
    package static let family = ComparisonReport.Arm.Family.adapter
    static let grid = [5e-4, 1e-3, 2e-3]
    static let quickRate = 1e-3
    package static let questions = [
        ArmQuestion(
            against: "adapter", yes: "A larger adapter beats the adapter",
            no: "A larger adapter does not beat the adapter")
    ]

    static func training(_ arm: Arm, _ group: [Int], _ bench: ArmBench) throws -> any CellTraining {
        let wide = try arm.configuration ?? .resolve("double_seq_bn", overrides: ["reduction_factor=1.3333"])
        return bench.training(.adapter(wide), group)
    }
}
