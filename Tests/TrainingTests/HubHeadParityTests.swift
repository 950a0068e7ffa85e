import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Bundles
@testable import Training

/// Heads of the `adapters` library for tags and for a number, and with one layer, in float64 (Tests/Golden/hub_golden.py), read from its folders.
@Suite struct HubHeadParityTests {
    private static let folder = Golden.folder.deletingLastPathComponent().appendingPathComponent("hub/heads")

    @Test(arguments: ["tags", "number", "linear", "score"]) func equalsAdapters(_ name: String) throws {
        let bundle = try AdapterHubImport.read(folder: Self.folder.appendingPathComponent(name))
        let golden = try SafetensorsFile(Self.folder.appendingPathComponent("logits.safetensors"))
        let sequences = try Golden.sequences(golden)
        // The library gives logits of all tokens
        let tokens = sequences.reduce(0) { $0 + $1.ids.count }
        let targets =
            switch name {
            case "tags":
                HeadTargets(.classes(Array(repeating: 0, count: tokens)), marks: (0..<tokens).map { Int32($0) })
            case "linear": HeadTargets(.classes(Array(repeating: 0, count: sequences.count)))
            default: HeadTargets(.numbers(Array(repeating: 0, count: sequences.count), width: 1))
            }
        let network = try Network(Arrangement(model: Golden.model(), bundle: bundle), seed: 0)
        let plan = try network.plan(head: 0, trains: false, baseDropout: false, headDropout: 0)
        let results = plan.plan.run(PackedBatch(sequences, targets: [0: targets]), workspace: Workspace(threads: 2))
        let difference = Difference(results.values(plan.output), try golden.floats("logits.\(name)"))
        #expect(results.values(plan.output).count == golden.tensors["logits.\(name)"]?.shape.reduce(1, *))
        #expect(difference.largest < 1e-6, "\(difference)")
    }
}
