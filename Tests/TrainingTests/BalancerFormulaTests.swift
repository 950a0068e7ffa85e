import Files
import Foundation
import Numerics
import Testing

@testable import Training

/// FAMO and PCGrad on a small problem, against PyTorch (`Tests/Golden/toy_golden.py`).
@Suite struct BalancerFormulaTests {
    /// Three tasks with the losses mean((X w − y)²) + 0.05 of the same six numbers.
    private struct Problem {
        let golden: SafetensorsFile
        let x: [Double]
        let y: [Double]
        let rate: Double
        var w: [Double]

        init(_ name: String) throws {
            golden = try SafetensorsFile(
                Golden.folder.deletingLastPathComponent().appendingPathComponent("balancers/\(name).safetensors"))
            x = try golden.floats("x").map { Double($0) }
            y = try golden.floats("y").map { Double($0) }
            w = try golden.floats("start").map { Double($0) }
            rate = Double(try golden.floats("rate")[0])
        }

        private func errors(_ task: Int) -> [Double] {
            (0..<4).map { row in
                let first = 4 * task + row
                var error = -y[first]
                for i in 0..<6 { error += x[6 * first + i] * w[i] }
                return error
            }
        }

        func loss(_ task: Int) -> Double { errors(task).reduce(0) { $0 + $1 * $1 } / 4 + 0.05 }

        func gradient(_ task: Int) -> [Double] {
            let errors = errors(task)
            return (0..<6).map { i in
                var sum = 0.0
                for row in 0..<4 { sum += errors[row] * x[6 * (4 * task + row) + i] }
                return sum / 2
            }
        }

        /// The products of the tasks' gradients, and their sum with some factors.
        func products() -> [[Double]] {
            let all = (0..<3).map { gradient($0) }
            return all.map { a in all.map { Self.product(a, $0) } }
        }

        private static func product(_ a: [Double], _ b: [Double]) -> Double {
            var sum = 0.0
            for i in a.indices { sum += a[i] * b[i] }
            return sum
        }

        func sum(_ factors: [Double]) -> [Double] {
            let all = (0..<3).map { gradient($0) }
            return (0..<6).map { i in Self.product(factors, all.map { $0[i] }) }
        }

        mutating func move(_ gradient: [Double]) { w = zip(w, gradient).map { $0 - rate * $1 } }
    }

    private static let tasks = (0..<3).map { BalancedTask(name: "\($0)", output: .numbers([.identity])) }

    /// Forty steps. The logits are kept in float32, which is rounded at each step: 1e-6.
    @Test func famo() throws {
        var problem = try Problem("famo")
        let (losses, weights) = (try problem.golden.floats("losses"), try problem.golden.floats("weights"))
        let logits = try problem.golden.floats("logits")
        let balancer = FAMOBalancer(Self.tasks)
        let buffer = try ParameterBuffer(balancer.specs, seed: 0)
        let own = try #require(buffer["balancer/famo/logits"])
        for step in 0..<40 {
            let before = (0..<3).map { problem.loss($0) }
            let coefficients = balancer.coefficients(of: before, buffer)
            #expect(abs(coefficients.reduce(0, +) - 1) < 1e-12)
            problem.move(problem.sum(coefficients))
            balancer.learn(before: before, after: (0..<3).map { problem.loss($0) }, buffer)
            let difference = Difference(before.map { Float($0) }, losses[3 * step..<3 * step + 3])
            #expect(difference.relative < 1e-6, "step \(step): \(difference)")
            #expect(Difference(problem.w.map { Float($0) }, weights[6 * step..<6 * step + 6]).largest < 1e-6)
            let logits = Difference(own.array, logits[3 * step..<3 * step + 3])
            #expect(logits.largest < 1e-6, "step \(step): \(logits)")
        }
        #expect(abs(balancer.weights(buffer).reduce(0, +) - 3) < 1e-12)
    }

    /// Forty steps, each with random orders of its own.
    @Test func pcgrad() throws {
        var problem = try Problem("pcgrad")
        let (orders, gradients) = (try problem.golden.int64s("order"), try problem.golden.floats("gradient"))
        let weights = try problem.golden.floats("weights")
        for step in 0..<40 {
            let factors = PCGradBalancer.factors(problem.products()) { task in
                orders[6 * step + 2 * task..<6 * step + 2 * task + 2].map { Int($0) }
            }
            let gradient = problem.sum(factors)
            let difference = Difference(gradient.map { Float($0) }, gradients[6 * step..<6 * step + 6])
            #expect(difference.relative < 1e-6, "step \(step): \(difference)")
            problem.move(gradient)
            #expect(Difference(problem.w.map { Float($0) }, weights[6 * step..<6 * step + 6]).largest < 1e-6)
        }
    }

    /// Gradients that agree stay; two that disagree become orthogonal to each other; a zero changes nothing.
    @Test func surgery() {
        let balancer = PCGradBalancer(Self.tasks)
        #expect(balancer.factors([[2, 1], [1, 3]], key: 1) == [1, 1])
        // g₁' = g₁ + ½ g₂ and g₂' = g₂ + ¼ g₁
        #expect(balancer.factors([[4, -1], [-1, 2]], key: 1) == [1.25, 1.5])
        #expect(balancer.factors([[4, 0], [0, 0]], key: 1) == [1, 1])
        #expect(balancer.factors([[5]], key: 1) == [1] && balancer.factors([], key: 1) == [])
        // With three, the order matters, which follows from the step's key
        let three = [[1, -0.5, -0.4], [-0.5, 1, -0.3], [-0.4, -0.3, 1]]
        #expect(balancer.factors(three, key: 1) == balancer.factors(three, key: 1))
        #expect(Set((0..<50 as Range<UInt64>).map { balancer.factors(three, key: $0) }).count > 1)
    }

    /// A task without a target takes no part: the others' weights are as if there were no more.
    @Test func famoWithoutATask() throws {
        let balancer = FAMOBalancer(Self.tasks)
        let buffer = try ParameterBuffer(balancer.specs, seed: 0)
        #expect(balancer.coefficients(of: [2, nil, 2], buffer) == [0.5, 0, 0.5])
        balancer.learn(before: [2, nil, 2], after: [1, nil, 2], buffer)
        let logits = try #require(buffer["balancer/famo/logits"]).array
        #expect(logits[0] < 0 && logits[1] == 0 && logits[2] > 0)
        #expect(try #require(buffer["balancer/famo/steps"]).array == [1, 0, 1])
    }

    @Test func fixed() throws {
        let tasks = [0.5, 2].map { BalancedTask(name: "\($0)", output: .numbers([.identity]), weight: $0) }
        let buffer = try ParameterBuffer([], seed: 0)
        #expect(
            FixedBalancer(tasks).coefficients(buffer, key: 3) == [0.5, 2]
                && FixedBalancer(tasks).weights(buffer) == [0.5, 2])
    }
}
