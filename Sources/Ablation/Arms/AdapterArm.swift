import Reporting

/// An adapter and a head for each task.
package enum AdapterArm: TrainedArm {
    package static let name = "adapter"
    package static let label = "adapter"
    package static let family = ComparisonReport.Arm.Family.adapter
    static let grid = [2e-3, 5e-3, 1e-2]
    static let quickRate = 5e-3  // .71 at 1e-3, .76 at 2e-3, .77 at 5e-3 (HeadArm says on what)
    package static let questions = [
        ArmQuestion(
            against: "full", yes: "Adapters beat full fine-tuning", no: "Adapters do not beat full fine-tuning"),
        ArmQuestion(
            against: "probe", yes: "Adapters beat the linear probe", no: "Adapters do not beat the linear probe"),
    ]

    static func training(_ arm: Arm, _ group: [Int], _ bench: ArmBench) -> any CellTraining {
        bench.training(.adapter(arm.configuration ?? bench.plan.configuration), group)
    }
}
