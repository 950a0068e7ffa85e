import Numerics
import Testing

@testable import Training

/// Slopes of the loss along a random direction of each tensor, against central differences, with all dropout.
enum Slopes {
    static func expectEqual(_ network: Network, _ batch: PackedBatch) throws {
        let plan = try network.plan(head: 0, trains: true)
        let workspace = Workspace(threads: 1)
        _ = plan.step(batch, workspace: workspace, stepKey: 5)
        let gradients = network.parameters.parameters.map(\.gradientArray)
        for (parameter, gradient) in zip(network.parameters.parameters, gradients) {
            let before = parameter.array
            let key = Randomness.key(17, Randomness.hash(parameter.name))
            var direction = (0..<parameter.count).map { Double(Randomness.normal(key, $0)) }
            let length = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
            for i in direction.indices { direction[i] /= length }
            let expected = zip(gradient, direction).reduce(0.0) { $0 + Double($1.0) * $1.1 }
            func loss(_ distance: Double) -> Double {
                for i in 0..<parameter.count { parameter.values[i] = before[i] + Float(distance * direction[i]) }
                defer { for i in 0..<parameter.count { parameter.values[i] = before[i] } }
                return plan.step(batch, workspace: workspace, stepKey: 5)
            }
            // As in EveryMethodTests: one of three lengths must agree
            let slopes = [16e-3, 4e-3, 1e-3].map { (loss($0) - loss(-$0)) / (2 * $0) }
            #expect(
                slopes.contains { abs($0 - expected) < 1e-4 + 0.01 * abs(expected) },
                "\(parameter.name): \(slopes), expected \(expected)")
        }
    }
}
