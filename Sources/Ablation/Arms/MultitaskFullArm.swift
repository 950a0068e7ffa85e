import Reporting
import Training

/// Full fine-tuning on all tasks together, with a head for each.
package enum MultitaskFullArm: TrainedArm {
    package static let name = "multitask_full"
    package static let label = "multi-task full"
    package static let family = ComparisonReport.Arm.Family.full
    static let isShared = true
    static let single: String? = "full"
    static let grid = [1e-4, 2e-4, 4e-4]
    static let quickRate = 4e-4
    package static let questions = [
        ArmQuestion(
            against: "full", yes: "Multi-task full fine-tuning beats single-task full fine-tuning",
            no: "Multi-task full fine-tuning does not beat single-task full fine-tuning")
    ]

    static func training(_ arm: Arm, _ group: [Int], _ bench: ArmBench) -> any CellTraining {
        bench.training(.full, group)
    }

    // All weights learn, so none is a frozen one in low precision
    static func adjust(_ settings: inout TrainingSettings) { settings.precision = .float32 }
}
