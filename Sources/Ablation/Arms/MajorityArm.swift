import Tasks

/// The constant answer that fits the task's metric best.
package enum MajorityArm: BaselineArm {
    package static let name = "majority"
    package static let label = "constant"
    static func baseline(_ baselines: Baselines) -> (any Baseline.Type)? { baselines.constant }
}
