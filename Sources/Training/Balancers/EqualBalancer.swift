import Numerics

/// All losses count the same: a step's loss is the sum of the mean losses of its tasks.
package struct EqualBalancer: LossBalancer {
    package static let name = "equal"

    package init(_ tasks: [BalancedTask] = []) {}

    package var specs: [ParameterSpec] { [] }
    package func coefficients(_ parameters: ParameterBuffer, key: UInt64) -> [Double] { [] }
    package func pull(_ losses: [Double?], _ parameters: ParameterBuffer) -> (loss: Double, moved: [Parameter]) {
        (0, [])
    }
}
