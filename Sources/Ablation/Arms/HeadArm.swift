import Reporting
import Training

/// A head on the frozen encoder. The encoder drops nothing, so its output is computed once for all epochs.
package enum HeadArm: TrainedArm {
    package static let name = "head"
    package static let label = "head only"
    package static let family = ComparisonReport.Arm.Family.head
    static let grid = [3e-3, 1e-2, 3e-2]
    // Mean dev accuracy of the quickstart's four tasks, some 95 steps each: .59 at 1e-3, .71 at 3e-3, .74 at 1e-2, less at
    // 3e-2. Frozen features want large steps
    static let quickRate = 1e-2

    static func training(_ arm: Arm, _ group: [Int], _ bench: ArmBench) -> any CellTraining {
        bench.training(.head, group)
    }
}
