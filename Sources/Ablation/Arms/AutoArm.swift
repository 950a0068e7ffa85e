import Adapters
import Reporting
import Training

/// What `auto` composes of the other tasks' adapters: a choice by cross-validation on the task's own labels. Its sources are
/// trained on the plan's largest size: they stand for the tasks that a team has solved before.
package enum AutoArm: TrainedArm {
    package static let name = "auto"
    package static let label = "auto composition"
    package static let family = ComparisonReport.Arm.Family.fusion
    static let grid: [Double] = []
    static let quickRate = 0.0
    package static let questions = [
        ArmQuestion(
            against: "adapter", yes: "The automatic choice of a composition beats the single adapter",
            no: "The automatic choice of a composition does not beat the single adapter")
    ]

    static func hindrance(_ task: ExperimentTask) -> String? {
        if let reason = ProbeArm.hindrance(task) { return reason }
        let labels = task.data.train.count(where: \.isScored)
        return labels < AutoExperiment.fewestLabels ? "\(labels) training texts are too few to choose by" : nil
    }

    static func training(_ arm: Arm, _ group: [Int], _ bench: ArmBench) throws -> any CellTraining {
        let others = bench.tasks.indices.filter { !group.contains($0) }
        guard !others.isEmpty else {
            throw TrainingError.setting(
                name: "--arms", found: "\(arm.id) with one task",
                expected: "two tasks or more: it composes the adapters of the others")
        }
        return AutoTraining(
            task: bench.tasks[group[0]],
            sources: try others.map { .cell(try bench.largest.cell(.adapter, [$0])) },
            configuration: arm.configuration ?? bench.plan.configuration)
    }
}
