import Adapters
import Bundles
import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Training

/// What every method must hold to, whatever it is: the suite runs over the registry.
@Suite struct EveryMethodTests {
    private func network(_ preset: String) throws -> Network {
        let head = Golden.head
        let network = try Network(
            Recipe.adapter(try .resolve(preset), from: nil).arrangement(
                model: Golden.model(), heads: [head], name: "t"),
            seed: 3)
        // Away from the start, where much is zero or one
        for parameter in network.parameters.parameters {
            let key = Randomness.key(11, Randomness.hash(parameter.name))
            for i in 0..<parameter.count { parameter.values[i] += 0.2 * Randomness.normal(key, i) }
        }
        return network
    }

    /// The slope along a random direction of each tensor against central differences, dropout on.
    @Test(arguments: AdapterMethods.presetNames) func gradients(_ preset: String) throws {
        let network = try network(preset)
        let plan = try network.plan(head: 0, trains: true)
        let workspace = Workspace(threads: 1)
        let batch = try Golden.batches()[1]
        _ = plan.step(batch, workspace: workspace, stepKey: 5)
        let gradients = network.parameters.parameters.map(\.gradientArray)
        for (parameter, gradient) in zip(network.parameters.parameters, gradients) {
            let before = parameter.array
            // along the gradient itself: its slope is its length
            let length = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            guard length > 1e-6 else { continue }
            let step = 2e-3
            func loss(_ sign: Double) -> Double {
                for i in 0..<parameter.count {
                    parameter.values[i] = before[i] + Float(sign * step * Double(gradient[i]) / length)
                }
                defer { for i in 0..<parameter.count { parameter.values[i] = before[i] } }
                return plan.step(batch, workspace: workspace, stepKey: 5)
            }
            let slope = (loss(1) - loss(-1)) / (2 * step)
            // float32's rounding of a loss near 1 over the step, and the curvature
            #expect(abs(slope - length) < 5e-4 + 0.02 * length, "\(parameter.name): \(slope) against \(length)")
        }
    }

    /// A bundle of it reads back as it was, byte for byte, and predicts as the network that made it.
    @Test(arguments: AdapterMethods.presetNames) func bundles(_ preset: String) throws {
        let network = try network(preset)
        let model = try Golden.model()
        let bundle = try network.bundle(
            kind: .adapter, name: "t", base: BaseIdentity(name: "tiny", fingerprint: nil, shape: model.configuration),
            provenance: Provenance())
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("amalgam-\(UUID().uuidString).h5")
        defer { try? FileManager.default.removeItem(at: url) }
        try BundleFile.write(bundle, to: url)
        let read = try BundleFile.read(url)
        #expect(read.tensors == bundle.tensors)
        #expect(try BundleFile.data(read) == Data(contentsOf: url))
        let workspace = Workspace(threads: 2)
        let batch = try Golden.batches()[0]
        let again = try Network(Arrangement(model: model, bundle: read), seed: 0).plan(head: 0, trains: false)
        let first = try network.plan(head: 0, trains: false)
        let logits = Array(first.plan.run(batch, workspace: workspace).values(first.logits))
        #expect(Array(again.plan.run(batch, workspace: workspace).values(again.logits)) == logits)
    }

    /// Bytes do not depend on threads, and the base has no gradient.
    @Test(arguments: AdapterMethods.presetNames) func threadsAndFrozenBase(_ preset: String) throws {
        let batch = try Golden.batches()[2]
        let gradients = try [1, 2].map { threads in
            let network = try network(preset)
            let plan = try network.plan(head: 0, trains: true)
            _ = plan.step(batch, workspace: Workspace(threads: threads), stepKey: 9)
            #expect(plan.plan.parameters.allSatisfy { !$0.name.hasPrefix("base/") })
            return network.parameters.parameters.map(\.gradientArray)
        }
        #expect(gradients[0] == gradients[1])
    }
}
