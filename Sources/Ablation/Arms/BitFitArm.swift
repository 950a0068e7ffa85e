import Adapters
import Reporting

/// The encoder's biases alone (Ben Zaken et al. 2022).
package enum BitFitArm: TrainedArm {
    package static let name = "bitfit"
    package static let label = "BitFit"
    package static let family = ComparisonReport.Arm.Family.adapter
    static let grid = [1e-3, 3e-3, 1e-2]
    static let quickRate = 3e-3
    package static let questions = [
        ArmQuestion(against: "adapter", yes: "BitFit beats the adapter", no: "BitFit does not beat the adapter")
    ]

    static func training(_ arm: Arm, _ group: [Int], _ bench: ArmBench) throws -> any CellTraining {
        bench.training(.adapter(try arm.configuration ?? .resolve("bitfit")), group)
    }
}
