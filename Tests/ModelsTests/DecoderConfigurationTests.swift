import Foundation
import Numerics
import Testing

@testable import Models

/// The fields, tensors and sites of decoders. DecoderParityTests compares their numbers with `transformers`.
@Suite struct DecoderConfigurationTests {
    private func read(_ kind: String, _ change: (inout [String: Any]) -> Void = { _ in }) throws -> ModelConfiguration {
        let file = DecoderParityTests.folder.appendingPathComponent("\(kind)/config.json")
        var json = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
        change(&json)
        return try ModelConfiguration([UInt8](JSONSerialization.data(withJSONObject: json)), name: "config.json")
    }

    @Test func readsWhatFamiliesDifferIn() throws {
        let llama = try #require(try read("llama").decoder)
        #expect(llama.keyHeads == 2 && llama.head == 8 && llama.theta == 100_000 && llama.isTied && llama.ends == [2])
        #expect(llama.windows.isEmpty && !llama.hasBiases && !llama.hasHeadNorms)
        let biased = try #require(try read("llama-b").decoder)
        #expect(biased.hasBiases && biased.hasOutputBias && !biased.isTied && biased.keyHeads == 4)
        let qwen2 = try #require(try read("qwen2").decoder)
        #expect(qwen2.windows == [nil, 7, 7] && qwen2.hasBiases && !qwen2.hasOutputBias)
        let qwen3 = try #require(try read("qwen3").decoder)
        #expect(qwen3.head == 16 && qwen3.hasHeadNorms && qwen3.windows == [nil, nil, nil])
        #expect(try read("mistral").decoder?.windows == [6, 6, 6])
        let usual = try read("mistral") { $0["sliding_window"] = nil }
        #expect(usual.decoder?.windows == [4096, 4096, 4096])
        #expect(try read("mistral") { $0["sliding_window"] = NSNull() }.decoder?.windows == [])
        #expect(try read("llama") { $0["num_key_value_heads"] = nil }.decoder?.keyHeads == 6)
        #expect(try read("qwen2") { $0["use_sliding_window"] = false }.decoder?.windows == [nil, nil, nil])
        #expect(try read("llama") { $0["eos_token_id"] = [2, 7, 900] }.decoder?.ends == [2, 7])
        #expect(try read("llama").activation == .swish && read("llama").epsilon == 1e-5)
        // As version 5 of transformers writes it
        let later = try read("llama") { $0["rope_parameters"] = ["rope_type": "default", "rope_theta": 5_000] }
        #expect(later.decoder?.theta == 5_000)
    }

    @Test(arguments: [
        ("rope_scaling", "{\"rope_type\": \"llama3\", \"factor\": 8}", "rope_scaling.rope_type: found \"llama3\""),
        ("rope_scaling", "{\"type\": \"linear\", \"factor\": 2}", "rope_scaling.type: found \"linear\""),
        ("rope_scaling", "4", "rope_scaling: found 4"), ("mlp_bias", "true", "mlp_bias"),
        ("num_key_value_heads", "4", "num_key_value_heads: found 4, expected a divisor of the 6"),
        ("head_dim", "7", "head_dim: found 7"), ("hidden_act", "\"quick_gelu\"", "hidden_act"),
        ("rope_theta", "-1", "rope_theta"), ("rms_norm_eps", "2", "rms_norm_eps"), ("vocab_size", "0", "vocab_size"),
        ("quantization_config", "{}", "quantization_config"), ("eos_token_id", "\"x\"", "eos_token_id"),
        ("tie_word_embeddings", "1", "tie_word_embeddings"), ("num_hidden_layers", "null", "num_hidden_layers"),
    ])
    func refusesWhatItCannotCompute(_ field: String, _ value: String, _ words: String) throws {
        let value = try JSONSerialization.jsonObject(with: Data(value.utf8), options: .fragmentsAllowed)
        let error = try #require(throws: ModelError.self) { _ = try read("llama") { $0[field] = value } }
        #expect(error.description.contains(words), "\(error)")
    }

    @Test func refusesOtherLayerTypes() throws {
        for types in [["full_attention"], ["full_attention", "linear_attention", "full_attention"]] {
            let error = try #require(throws: ModelError.self) { _ = try read("qwen2") { $0["layer_types"] = types } }
            #expect(error.description.contains("layer_types"), "\(error)")
        }
    }

    @Test func namesItsTensorsAndSites() throws {
        let architecture = try EncoderModel(folder: DecoderParityTests.folder.appendingPathComponent("llama"))
            .architecture
        #expect(architecture.isDecoder && architecture.outputTable == "embed_tokens.weight")
        #expect(architecture.tensors.count == 2 + 3 * 9)
        let key = try #require(architecture[Site(.key, layer: 2)])
        #expect(
            key.weight == "layers.2.self_attn.k_proj.weight" && key.input == 48 && key.output == 16 && key.bias == nil)
        let down = try #require(architecture[Site(.feedForwardOutput, layer: 0)])
        #expect(down.input == 40 && down.output == 48)
        #expect(
            architecture.sites(.query, .key, .value, .attentionOutput, .gate, .intermediate, .feedForwardOutput).count
                == 21)
        let untied = try EncoderModel(folder: DecoderParityTests.folder.appendingPathComponent("llama-b")).architecture
        #expect(untied.outputTable == "lm_head.weight" && untied.tensors.last?.standsApart == true)
    }

    /// What changes the result without changing a tensor is part of the fingerprint.
    @Test(arguments: [("rope_theta", 4.0), ("sliding_window", 5)] as [(String, Double)])
    func fingerprints(_ field: String, _ value: Double) throws {
        try Fixture.withFolder { folder in
            let copy = folder.appendingPathComponent("mistral")
            try FileManager.default.copyItem(at: DecoderParityTests.folder.appendingPathComponent("mistral"), to: copy)
            let before = try EncoderModel(folder: copy).computeFingerprint()
            let config = copy.appendingPathComponent("config.json")
            var json = try #require(
                try JSONSerialization.jsonObject(with: Data(contentsOf: config)) as? [String: Any])
            json[field] = value
            try JSONSerialization.data(withJSONObject: json).write(to: config)
            #expect(try EncoderModel(folder: copy).computeFingerprint() != before)
        }
    }
}
