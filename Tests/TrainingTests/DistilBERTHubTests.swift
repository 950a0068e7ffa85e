import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Bundles
@testable import Training

/// DistilBERT's adapters, LoRA and fusion against the `adapters` library in float64 (Tests/Golden/hub_golden.py), read from its
/// folders and written back.
@Suite struct DistilBERTHubTests {
    private static let folder = Golden.folder.deletingLastPathComponent().appendingPathComponent("hub/distilbert")

    @Test(arguments: ["a", "l", "fusion"]) func equalsAdapters(_ name: String) throws {
        let bundle = try AdapterHubImport.read(folder: Self.folder.appendingPathComponent(name))
        let golden = try SafetensorsFile(Self.folder.appendingPathComponent("hidden.safetensors"))
        let batch = PackedBatch(try Golden.sequences(golden))
        let model = try EncoderModel(
            folder: Golden.folder.deletingLastPathComponent().appendingPathComponent("families/distilbert"))
        let (plan, hidden) = try Network(Arrangement(model: model, bundle: bundle), seed: 0).hiddenStates()
        let results = plan.run(batch, workspace: Workspace(threads: 2))
        let difference = Difference(results.values(try #require(hidden.last)), try golden.floats("hidden.\(name)"))
        #expect(difference.largest < 1e-4, "\(difference)")
    }

    /// Exported, each file has the tensors of the library's own, by name and value.
    @Test(arguments: [
        ("a", "adapter.safetensors"), ("l", "adapter.safetensors"), ("fusion", "model_adapter_fusion.safetensors"),
    ])
    func exportsTheSameTensors(_ name: String, _ file: String) throws {
        let folder = Self.folder.appendingPathComponent(name)
        let bundle = try AdapterHubImport.read(folder: folder)
        let written = FileManager.default.temporaryDirectory.appendingPathComponent("distilbert-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: written) }
        _ = try AdapterHubExport.write(bundle, to: written)
        let ours = try SafetensorsFile(written.appendingPathComponent(file))
        let theirs = try SafetensorsFile(folder.appendingPathComponent(file))
        #expect(ours.names.sorted() == theirs.names.sorted())
        for tensor in theirs.names { #expect(try ours.floats(tensor) == theirs.floats(tensor), "\(tensor)") }
    }

    /// BERT's names mean nothing in a DistilBERT file; a message shows the name in the file.
    @Test func refusesBERTsNames() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("distilbert-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.copyItem(at: Self.folder.appendingPathComponent("a"), to: folder)
        let file = folder.appendingPathComponent("adapter.safetensors")
        let theirs = try SafetensorsFile(file)
        let bert = try theirs.names.map { name in
            (
                name: AdapterHubSpelling.of("distilbert")?.bert(name) ?? name, shape: try theirs.tensor(name).shape,
                value: SafetensorsValue.float32(try theirs.floats(name))
            )
        }
        let data = try SafetensorsWriter.data(tensors: bert)
        try FileManager.default.removeItem(at: file)
        try data.write(to: file)
        let error = #expect(throws: (any Error).self) { try AdapterHubImport.read(folder: folder) }
        let text = String(describing: error)
        #expect(text.contains("distilbert.encoder.layer.0.attention.output.adapters.a"), "\(text)")
    }
}
