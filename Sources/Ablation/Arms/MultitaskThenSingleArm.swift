import Reporting

/// The adapter for all tasks, trained further on each task by itself.
package enum MultitaskThenSingleArm: TrainedArm {
    package static let name = "multitask_then_single"
    package static let label = "multi-task, then single"
    package static let family = ComparisonReport.Arm.Family.adapter
    static let single: String? = "adapter"
    static let grid = [1e-3, 2e-3, 5e-3]
    static let quickRate = 2e-3
    package static let questions = [
        ArmQuestion(
            against: "adapter", yes: "Multi-task training first beats training on the task alone",
            no: "Multi-task training first does not beat training on the task alone"),
        ArmQuestion(
            against: "multitask_adapter", yes: "Training on the task alone afterwards improves the multi-task adapter",
            no: "Training on the task alone afterwards does not improve the multi-task adapter"),
    ]

    static func training(_ arm: Arm, _ group: [Int], _ bench: ArmBench) throws -> any CellTraining {
        let shared = try bench.cell(.multitaskAdapter, Array(bench.tasks.indices))
        let configuration = arm.configuration ?? bench.plan.configuration
        return bench.training(
            CellRecipe(
                identity: "adapter \(configuration.json) from a shared one", inputs: [.cell(shared)]
            ) { .adapter(configuration, from: $0[0]) }, group)
    }
}
