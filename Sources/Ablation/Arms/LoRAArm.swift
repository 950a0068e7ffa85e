import Adapters
import Reporting

/// Low-rank updates of the attention's weights (Hu et al. 2022).
package enum LoRAArm: TrainedArm {
    package static let name = "lora"
    package static let label = "LoRA"
    package static let family = ComparisonReport.Arm.Family.adapter
    static let grid = [1e-3, 2e-3, 5e-3]
    static let quickRate = 2e-3
    package static let questions = [
        ArmQuestion(against: "adapter", yes: "LoRA beats the adapter", no: "LoRA does not beat the adapter")
    ]

    static func training(_ arm: Arm, _ group: [Int], _ bench: ArmBench) throws -> any CellTraining {
        bench.training(.adapter(try arm.configuration ?? .resolve("lora")), group)
    }
}
