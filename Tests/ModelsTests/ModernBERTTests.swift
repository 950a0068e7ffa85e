import Foundation
import Numerics
import Testing

@testable import Models

/// ModernBERT's names, fields and sites. TrainingTests/FamilyParityTests compares its numbers with `transformers`.
@Suite struct ModernBERTTests {
    private static let folder = Fixture.golden.appendingPathComponent("families/modernbert")

    private func read(_ change: (inout [String: Any]) -> Void) throws -> ModelConfiguration {
        let data = try Data(contentsOf: Self.folder.appendingPathComponent("config.json"))
        var json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        change(&json)
        return try ModelConfiguration([UInt8](JSONSerialization.data(withJSONObject: json)), name: "config.json")
    }

    @Test func readsItsConfiguration() throws {
        let c = try read { $0["mlp_dropout"] = 0.25 }
        #expect(c.family == "modernbert" && c.hidden == 32 && c.layers == 4 && c.heads == 4 && c.intermediate == 24)
        #expect(c.types == 0 && c.longestSequence == 160 && c.epsilon == 1e-5)
        #expect(c.hiddenDropout == 0.25 && c.attentionDropout == 0)
        #expect(
            c.rotary == RotaryPositions(globalTheta: 160_000, localTheta: 10_000, window: 8, globalEvery: 2))
        let usual = try read { json in
            for field in ["global_rope_theta", "local_rope_theta", "local_attention", "global_attn_every_n_layers"] {
                json[field] = nil
            }
        }
        #expect(
            usual.rotary == RotaryPositions(globalTheta: 160_000, localTheta: 10_000, window: 64, globalEvery: 3))
        #expect(try read { $0["local_rope_theta"] = NSNull() }.rotary?.localTheta == 160_000)
        #expect(try read { $0["rope_scaling"] = NSNull() }.hidden == 32)
    }

    @Test(arguments: [
        "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size",
        "max_position_embeddings",
    ])
    func namesTheFieldThatIsWrong(_ field: String) throws {
        for value in [nil, NSNull(), "48", 0, 1.5, 1_000_000_000_000] as [Any?] {
            let error = try #require(throws: ModelError.self) { _ = try read { $0[field] = value } }
            #expect(error.description.contains("config.json: \(field): found"), "\(error)")
        }
    }

    @Test(arguments: [
        ("num_attention_heads", "32"), ("hidden_activation", "\"quick_gelu\""), ("mlp_dropout", "1"),
        ("attention_dropout", "-0.5"), ("embedding_dropout", "0.1"), ("norm_bias", "true"), ("attention_bias", "true"),
        ("mlp_bias", "1"), ("local_attention", "0"), ("global_attn_every_n_layers", "0"), ("global_rope_theta", "-1"),
        ("local_rope_theta", "\"x\""), ("rope_scaling", "{\"rope_type\": \"linear\"}"), ("rope_parameters", "{}"),
        ("layer_types", "[]"), ("quantization_config", "{}"),
    ])
    func refusesWhatItCannotCompute(_ field: String, _ value: String) throws {
        let value = try JSONSerialization.jsonObject(with: Data(value.utf8), options: .fragmentsAllowed)
        let error = try #require(throws: ModelError.self) { _ = try read { $0[field] = value } }
        #expect(error.description.contains(field))
    }

    @Test func namesItsTensorsAndSites() throws {
        let architecture = try EncoderModel(folder: Self.folder).architecture
        #expect(architecture.tensors.count == 3 + 4 * 6 - 1)
        #expect(architecture.wordTable == "embeddings.tok_embeddings.weight" && architecture.encoderPrefix == "model.")
        #expect(!architecture.tensors.contains { $0.name.hasSuffix(".bias") || $0.name == "layers.0.attn_norm.weight" })
        let value = try #require(architecture[Site(.value, layer: 2)])
        #expect(value.weight == "layers.2.attn.Wqkv.weight" && value.rows == 64..<96 && value.output == 32)
        let up = try #require(architecture[Site(.intermediate, layer: 1)])
        #expect(up.weight == "layers.1.mlp.Wi.weight" && up.rows == nil && up.input == 32 && up.output == 48)
    }

    /// What changes the result without changing a tensor is part of the fingerprint.
    @Test(arguments: ["local_attention", "global_attn_every_n_layers", "global_rope_theta", "local_rope_theta"])
    func fingerprints(_ field: String) throws {
        let copy = FileManager.default.temporaryDirectory.appendingPathComponent("amalgam-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: copy) }
        try FileManager.default.copyItem(at: Self.folder, to: copy)
        let config = copy.appendingPathComponent("config.json")
        var json = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: config)) as? [String: Any])
        json[field] = 4
        try JSONSerialization.data(withJSONObject: json).write(to: config)
        let (ours, theirs) = (try EncoderModel(folder: Self.folder), try EncoderModel(folder: copy))
        #expect(ours.computeFingerprint() != theirs.computeFingerprint())
    }

    /// A sublayer's input is the norm before it; the residual is not.
    private final class Recorder: SitePlugin {
        nonisolated(unsafe) var apart: [String: Bool] = [:]

        func delta(at site: Site, _ context: SiteContext) throws -> SiteDelta? {
            if let residual = context.residual { apart[site.name] = residual != context.input }
            return nil
        }

        func extraKeysValues(layer: Int, input: Value, _ builder: PlanBuilder) throws -> (
            keys: Value, values: Value, rows: Int
        )? { nil }
    }

    @Test func inputAndResidualAreApart() throws {
        let model = try EncoderModel(folder: Self.folder)
        let operand = OperandTable(trainable: try ParameterBuffer([], seed: 0)) {
            model.weight(String($0.dropFirst("base/".count)))
        }
        let recorder = Recorder()
        _ = try EncoderPlan(model, operand: operand, plugin: recorder, dropout: true, in: PlanBuilder())
            .build(pooling: .first)
        // The first layer has no norm before its attention
        #expect(recorder.apart["afterAttention/0"] == false && recorder.apart["afterFeedForward/0"] == true)
        #expect(recorder.apart["afterAttention/3"] == true && recorder.apart["afterFeedForward/3"] == true)
    }
}
