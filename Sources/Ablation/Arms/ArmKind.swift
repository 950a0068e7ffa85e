import Reporting
import Tasks
import Training

/// A way to get a model that a comparison can have as an arm. A new one is one file that conforms to this, and a line in
/// `ArmKinds`.
package protocol ArmKind: Sendable {
    /// In plans, options and files: "multitask_adapter".
    static var name: String { get }

    /// For people.
    static var label: String { get }

    static var family: ComparisonReport.Arm.Family { get }

    /// What a report asks of it beside other arms.
    static var questions: [ArmQuestion] { get }

    /// Whether its scores come without the encoder; then it is a `BaselineArm`, and a `TrainedArm` otherwise.
    static var isTrained: Bool { get }
}

/// A comparison that a report makes where it has both arms.
package struct ArmQuestion: Sendable {
    /// Name of the arm's kind that it is compared with.
    var rival: String
    /// Where it is better.
    var yes: String
    /// Where it is not.
    var no: String

    init(against rival: String, yes: String, no: String) {
        (self.rival, self.yes, self.no) = (rival, yes, no)
    }
}

extension ArmKind {
    package static var questions: [ArmQuestion] { [] }
}

/// An arm that needs no encoder.
protocol BaselineArm: ArmKind {
    /// The method that a kind of task has for it; nil: none.
    static func baseline(_ baselines: Baselines) -> (any Baseline.Type)?
}

extension BaselineArm {
    package static var family: ComparisonReport.Arm.Family { .baseline }
    package static var isTrained: Bool { false }
}

/// An arm that trains something on the encoder.
protocol TrainedArm: ArmKind {
    /// Whether it makes one model for all tasks together.
    static var isShared: Bool { get }

    /// Learning rates that dev chooses from: each kind of training has a range of its own. Empty: it has no learning rate.
    static var grid: [Double] { get }

    /// The one rate of a quick comparison.
    static var quickRate: Double { get }

    /// Why a task cannot have this arm; nil: it can.
    static func hindrance(_ task: ExperimentTask) -> String?

    /// What one cell trains.
    /// - Parameter group: indices of the bench's tasks: all, or one
    static func training(_ arm: Arm, _ group: [Int], _ bench: ArmBench) throws -> any CellTraining

    /// Name of the kind whose arm learns the same from one task alone; nil: this one does not learn from several.
    static var single: String? { get }

    /// Whether the report has what it attends to.
    static var showsAttention: Bool { get }

    /// Changes the plan's settings where this kind of training needs it.
    static func adjust(_ settings: inout TrainingSettings)
}

extension TrainedArm {
    package static var isTrained: Bool { true }
    static var isShared: Bool { false }
    static var single: String? { nil }
    static var showsAttention: Bool { false }
    static func hindrance(_ task: ExperimentTask) -> String? { nil }
    static func adjust(_ settings: inout TrainingSettings) {}
}
