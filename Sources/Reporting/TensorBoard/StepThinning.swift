/// Losses of some hundred points of a curve, each the mean of the steps since the one before.
package struct StepThinning {
    private let every: Int
    private var sum = 0.0
    private var count = 0

    /// Points of a curve at most.
    package static let points = 1000

    /// - Parameter steps: of the whole run.
    package init(steps: Int) { every = max(1, (steps + Self.points - 1) / Self.points) }

    /// - Parameter step: from 1
    /// - Returns: the mean, at the steps that are points, and at the last
    package mutating func add(_ loss: Double, step: Int, of steps: Int) -> Double? {
        if loss.isFinite { (sum, count) = (sum + loss, count + 1) }
        guard step % every == 0 || step == steps, count > 0 else { return nil }
        defer { (sum, count) = (0, 0) }
        return sum / Double(count)
    }
}
