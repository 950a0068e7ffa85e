import Foundation
import Numerics
import Testing

@testable import Models

/// DistilBERT's names, fields and dropout. TrainingTests/FamilyParityTests compares its numbers with `transformers`.
@Suite struct DistilBERTTests {
    private static let folder = Fixture.golden.appendingPathComponent("families/distilbert")

    private func read(_ change: (inout [String: Any]) -> Void) throws -> ModelConfiguration {
        let data = try Data(contentsOf: Self.folder.appendingPathComponent("config.json"))
        var json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        change(&json)
        return try ModelConfiguration([UInt8](JSONSerialization.data(withJSONObject: json)), name: "config.json")
    }

    @Test func readsItsConfiguration() throws {
        let c = try read { $0["dropout"] = 0.25 }
        #expect(c.family == "distilbert" && c.hidden == 32 && c.layers == 3 && c.heads == 4 && c.intermediate == 48)
        #expect(c.types == 0 && c.firstPosition == 0 && c.longestSequence == 24 && c.epsilon == 1e-12)
        #expect(c.hiddenDropout == 0.25 && c.attentionDropout == 0.1)
    }

    @Test(arguments: ["dim", "n_layers", "n_heads", "hidden_dim", "vocab_size", "max_position_embeddings"])
    func namesTheFieldThatIsWrong(_ field: String) throws {
        for value in [nil, NSNull(), "48", 0, 1.5, 1_000_000_000_000] as [Any?] {
            let error = try #require(throws: ModelError.self) { _ = try read { $0[field] = value } }
            #expect(error.description.contains("config.json: \(field): found"), "\(error)")
        }
    }

    @Test(arguments: [
        ("n_heads", "5"), ("activation", "\"quick_gelu\""), ("dropout", "1"), ("attention_dropout", "-0.5"),
        ("pruned_heads", "{\"0\": [1]}"), ("quantization_config", "{}"),
    ])
    func refusesWhatItCannotCompute(_ field: String, _ value: String) throws {
        let value = try JSONSerialization.jsonObject(with: Data(value.utf8), options: .fragmentsAllowed)
        let error = try #require(throws: ModelError.self) { _ = try read { $0[field] = value } }
        #expect(error.description.contains(field))
    }

    @Test func namesItsTensorsAndSites() throws {
        let architecture = try EncoderModel(folder: Self.folder).architecture
        #expect(architecture.tensors.count == 4 + 3 * 16)
        #expect(architecture.wordTable == "embeddings.word_embeddings.weight")
        #expect(!architecture.tensors.contains { $0.name.contains("token_type") || $0.shape.contains(0) })
        let up = try #require(architecture[Site(.intermediate, layer: 2)])
        #expect(up.weight == "transformer.layer.2.ffn.lin1.weight" && up.input == 32 && up.output == 48)
        #expect(architecture[Site(.query, layer: 0)]?.bias == "transformer.layer.0.attention.q_lin.bias")
    }

    /// Which values drop, by site.
    private final class Recorder: SitePlugin {
        nonisolated(unsafe) var drops: [String: Bool] = [:]

        func delta(at site: Site, _ context: SiteContext) throws -> SiteDelta? {
            drops[site.name] = context.sublayer.dropout != nil
            return nil
        }

        func extraKeysValues(layer: Int, input: Value, _ builder: PlanBuilder) throws -> (
            keys: Value, values: Value, rows: Int
        )? { nil }
    }

    private func drops(_ folder: String) throws -> [String: Bool] {
        let model = try EncoderModel(folder: Fixture.golden.appendingPathComponent(folder))
        let operand = OperandTable(trainable: try ParameterBuffer([], seed: 0)) {
            model.weight(String($0.dropFirst("base/".count)))
        }
        let recorder = Recorder()
        _ = try EncoderPlan(model, operand: operand, plugin: recorder, dropout: true, in: PlanBuilder())
            .build(pooling: nil)
        return recorder.drops
    }

    /// The attention's output is not dropped, unlike BERT's.
    @Test func dropsTheFeedForwardOnly() throws {
        let ours = try drops("families/distilbert")
        #expect(ours["afterAttention/0"] == false && ours["afterFeedForward/0"] == true)
        let bert = try drops("seed1/tiny")
        #expect(bert["afterAttention/0"] == true && bert["afterFeedForward/0"] == true)
    }
}
