import Reporting
import Training

/// Full fine-tuning for each task.
package enum FullArm: TrainedArm {
    package static let name = "full"
    package static let label = "full fine-tuning"
    package static let family = ComparisonReport.Arm.Family.full
    static let grid = [1e-4, 2e-4, 4e-4]
    static let quickRate = 4e-4

    static func training(_ arm: Arm, _ group: [Int], _ bench: ArmBench) -> any CellTraining {
        bench.training(.full, group)
    }

    // All weights learn, so none is a frozen one in low precision
    static func adjust(_ settings: inout TrainingSettings) { settings.precision = .float32 }
}
