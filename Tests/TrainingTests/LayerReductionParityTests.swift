import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Bundles
@testable import Training

/// A reduction factor for each layer, against the `adapters` library in float64 (Tests/Golden/hub_golden.py).
@Suite struct LayerReductionParityTests {
    private static let folder = Golden.folder.deletingLastPathComponent().appendingPathComponent("hub")

    @Test func hiddenStates() throws {
        let bundle = try AdapterHubImport.read(folder: Self.folder.appendingPathComponent("adapter"))
        let widths = (0..<3).map { layer in
            bundle.tensors.first { $0.name.hasSuffix("afterFeedForward/\(layer)/down.bias") }?.shape
        }
        #expect(widths == [[12], [3], [1]])
        let golden = try SafetensorsFile(Self.folder.appendingPathComponent("hidden.safetensors"))
        let batch = PackedBatch(try Golden.sequences(golden))
        let model = try EncoderModel(
            folder: Golden.folder.deletingLastPathComponent().appendingPathComponent("seed1/tiny"))
        let (plan, hidden) = try Network(Arrangement(model: model, bundle: bundle), seed: 0).hiddenStates()
        let results = plan.run(batch, workspace: Workspace(threads: 2))
        let difference = Difference(results.values(try #require(hidden.last)), try golden.floats("hidden"))
        #expect(difference.largest < 1e-4, "\(difference)")
        // Written and read back, the configuration is the same
        let data = try BundleFile.data(bundle)
        #expect(try BundleFile.read(data, name: "b") == bundle)
    }
}
