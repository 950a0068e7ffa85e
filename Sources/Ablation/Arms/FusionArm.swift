import Reporting

/// Attention over the adapters of all tasks, the own one included (Pfeiffer et al. 2021).
package enum FusionArm: TrainedArm {
    package static let name = "fusion"
    package static let label = "fusion"
    package static let family = ComparisonReport.Arm.Family.fusion
    static let showsAttention = true
    static let grid = [1e-3, 2e-3, 5e-3]
    static let quickRate = 2e-3  // .70 at 5e-4, .75 at 1e-3, .77 at 2e-3 and 5e-3 (HeadArm says on what)
    package static let questions = [
        ArmQuestion(
            against: "adapter", yes: "Fusion beats the single adapter",
            no: "Fusion does not beat the single adapter"),
        ArmQuestion(
            against: "wide_adapter", yes: "Fusion beats one adapter with as many parameters",
            no: "Fusion does not beat one adapter with as many parameters"),
    ]

    static func training(_ arm: Arm, _ group: [Int], _ bench: ArmBench) throws -> any CellTraining {
        let adapters = try bench.tasks.indices.map { CellInput.cell(try bench.cell(.adapter, [$0])) }
        return bench.training(.fusion(adapters, .dynamic), group)
    }
}
