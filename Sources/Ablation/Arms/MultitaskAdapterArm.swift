import Reporting

/// One adapter for all tasks, with a head for each.
package enum MultitaskAdapterArm: TrainedArm {
    package static let name = "multitask_adapter"
    package static let label = "multi-task adapter"
    package static let family = ComparisonReport.Arm.Family.adapter
    static let isShared = true
    static let single: String? = "adapter"
    static let grid = [2e-3, 5e-3, 1e-2]
    static let quickRate = 5e-3  // .70 at 1e-3, .72 at 2e-3, .76 at 5e-3 and 1e-2 (HeadArm says on what)
    package static let questions = [
        ArmQuestion(
            against: "adapter", yes: "One adapter for all tasks beats one adapter per task",
            no: "One adapter for all tasks does not beat one adapter per task")
    ]

    static func training(_ arm: Arm, _ group: [Int], _ bench: ArmBench) -> any CellTraining {
        bench.training(.adapter(arm.configuration ?? bench.plan.configuration), group)
    }
}
