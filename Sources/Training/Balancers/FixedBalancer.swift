import Numerics

/// Weights that the user gives, and that stay: a step's loss is the sum of the tasks' mean losses, each times its weight.
package struct FixedBalancer: LossBalancer {
    package static let name = "fixed"
    package static let takesWeights = true

    private let weights: [Double]

    package init(_ tasks: [BalancedTask]) { weights = tasks.map(\.weight) }

    package func coefficients(_ parameters: ParameterBuffer, key: UInt64) -> [Double] { weights }
    package func weights(_ parameters: ParameterBuffer) -> [Double] { weights }
}
