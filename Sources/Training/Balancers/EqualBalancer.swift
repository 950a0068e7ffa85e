/// All losses count the same: a step's loss is the sum of the mean losses of its tasks.
package struct EqualBalancer: LossBalancer {
    package static let name = "equal"

    package init(_ tasks: [BalancedTask] = []) {}
}
