import Adapters
import Bundles
import Models
import Numerics
import Testing

@testable import Training

/// Adapters that are dropped in the lowest layers at prediction are adapters that leave these layers out.
@Suite struct DroppedLayersTests {
    private static func network(
        _ preset: String, _ overrides: [String] = [], dropped: Int = 0, of other: Network? = nil
    ) throws -> Network {
        var arrangement = try Recipe.adapter(try .resolve(preset, overrides: overrides), from: nil)
            .arrangement(model: Golden.model(), heads: [Golden.head], name: "t")
        try arrangement.dropLayers(dropped)
        let network = try Network(arrangement, seed: 1)
        for parameter in network.parameters.parameters {
            let key = Randomness.key(7, Randomness.hash(parameter.name))
            for i in 0..<parameter.count { parameter.values[i] += 0.1 * Randomness.normal(key, i) }
            if let known = other?.parameters[parameter.name] {
                try #require(known.shape == parameter.shape)
                parameter.values.update(from: known.values, count: parameter.count)
            }
        }
        return network
    }

    private static func outputs(_ network: Network) throws -> [Float] {
        let plan = try network.plan(head: 0, trains: false)
        let workspace = Workspace(threads: 1)
        defer { withExtendedLifetime(workspace) {} }
        return try Golden.batches().flatMap { Array(plan.plan.run($0, workspace: workspace).values(plan.output)) }
    }

    @Test(arguments: [
        "seq_bn", "double_seq_bn", "par_bn", "lora", "dora", "ia3", "bitfit", "ln_tuning", "prefix_tuning_flat",
    ])
    func droppedIsLeftOut(_ preset: String) throws {
        let whole = try Self.network(preset)
        let all = try Self.outputs(whole)
        for count in 1...3 {
            let dropped = try Self.network(preset, dropped: count, of: whole)
            let layers = (0..<count).map(String.init).joined(separator: ",")
            let leftOut = try Self.network(preset, ["leave_out=[\(layers)]"], of: whole)
            let outputs = try Self.outputs(dropped)
            #expect(try outputs == Self.outputs(leftOut) && outputs != all, "\(count) layers")
        }
    }

    /// Parallel adapters share the layers that they are dropped from.
    @Test func parallelAdaptersShareThem() throws {
        let bundle = try ParallelTests.parallel(
            ["a", "b", "c"].map { try ParallelTests.bundle($0, "seq_bn", .bert) })
        var arrangement = try Arrangement(model: TestBase.bert.model(), bundle: bundle)
        let layers = arrangement.model.configuration.layers
        for count in 1...layers {
            try arrangement.dropLayers(count)
            let plan = try Network(arrangement, seed: 0).plan(heads: [0, 1, 2], trains: false).plan
            // The first layer with adapters computes its attention once too
            let shared = min(count + 1, layers)
            #expect(plan.operations.count { $0 is Attention } == shared + 3 * (layers - shared))
        }
        #expect(throws: TrainingError.self) { try arrangement.dropLayers(layers + 1) }
        #expect(throws: TrainingError.self) { try arrangement.dropLayers(-1) }
        var bare = Arrangement(model: arrangement.model)
        #expect(throws: TrainingError.self) { try bare.dropLayers(1) }
    }
}
