import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Training

/// A model's settings against `transformers` in float64 and `sentence-transformers` (Tests/Golden/folder_golden.py).
@Suite struct FolderParityTests {
    private static let folder = Golden.folder.deletingLastPathComponent().appendingPathComponent("folders")
    static let activations = ["gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "relu", "silu", "swish"]

    private let golden: SafetensorsFile
    private let batch: PackedBatch

    init() throws {
        golden = try SafetensorsFile(Self.folder.appendingPathComponent("activations.safetensors"))
        batch = PackedBatch(try Golden.sequences(golden))
    }

    /// The model with other fields in config.json, and other files beside it.
    private func model(
        _ fields: [String: Any] = [:], _ files: [String: String] = [:]
    ) throws -> EncoderModel {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("folder-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.copyItem(at: Self.folder.appendingPathComponent("model"), to: folder)
        let file = folder.appendingPathComponent("config.json")
        var json = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
        json.merge(fields) { $1 }
        try JSONSerialization.data(withJSONObject: json).write(to: file)
        for (name, text) in files {
            let file = folder.appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        return try EncoderModel(folder: folder)
    }

    @Test(arguments: activations) func hiddenStates(_ name: String) throws {
        let (plan, hidden) = try Network(Arrangement(model: try model(["hidden_act": name])), seed: 0).hiddenStates()
        let results = plan.run(batch, workspace: Workspace(threads: 2))
        let difference = Difference(results.values(try #require(hidden.last)), try golden.floats(name))
        #expect(difference.largest < 1e-4, "\(difference)")
        // The case could tell an activation from another one
        let other = Difference(try golden.floats(name == "relu" ? "gelu" : "relu"), try golden.floats(name))
        #expect(other.largest > 0.01)
    }

    @Test func tanhFormIsAnotherOne() throws {
        let difference = Difference(try golden.floats("gelu_new"), try golden.floats("gelu"))
        #expect(difference.largest > 2e-4, "\(difference)")
    }

    /// modules.json names another folder than 1_Pooling, whose config.json has the field of sentence-transformers 5.4.
    @Test(arguments: ["mean", "cls"]) func pooling(_ mode: String) throws {
        let modules = ["Transformer", "Pooling"].enumerated().map {
            "{\"idx\": \($0), \"name\": \"\($0)\", \"path\": \"\($0 == 0 ? "" : "pool")\", "
                + "\"type\": \"sentence_transformers.models.\($1)\"}"
        }
        let model = try model(
            [:],
            [
                "modules.json": "[\(modules.joined(separator: ", "))]",
                "pool/config.json": "{\"embedding_dimension\": 16, \"pooling_mode\": \"\(mode)\"}",
            ])
        let builder = PlanBuilder()
        let encoder = EncoderPlan(
            model, operand: try Network(Arrangement(model: model), seed: 0).operand, plugin: NoPlugin(), dropout: false,
            in: builder)
        let output = try encoder.build(pooling: try model.pooling()).output
        let plan = Plan(builder, outputs: [output], trains: false)
        let results = plan.run(batch, workspace: Workspace(threads: 2))
        let difference = Difference(results.values(output), try golden.floats(mode))
        #expect(difference.largest < 1e-4, "\(difference)")
    }
}
