import Reporting
import Training

/// A linear model, fitted on the frozen encoder's mean-pooled features; cross-validation on train chooses its penalty.
package enum ProbeArm: TrainedArm {
    package static let name = "probe"
    package static let label = "linear probe"
    package static let family = ComparisonReport.Arm.Family.head
    static let grid: [Double] = []
    static let quickRate = 0.0
    package static let questions = [
        ArmQuestion(
            against: "tfidf", yes: "The frozen encoder's features beat the classic baseline",
            no: "The frozen encoder's features do not beat the classic baseline")
    ]

    static func hindrance(_ task: ExperimentTask) -> String? {
        Session.linearKinds.contains(task.data.definition.kind)
            ? nil : "there is no linear probe for \(task.data.definition.kind)"
    }

    static func training(_ arm: Arm, _ group: [Int], _ bench: ArmBench) -> any CellTraining {
        bench.training(.probe, group)
    }
}
