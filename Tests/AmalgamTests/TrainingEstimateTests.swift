import Foundation
import Models
import Numerics
import Testing

@testable import Amalgam

/// Memory and time of trainings that run elsewhere.
@Suite struct TrainingEstimateTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("estimate-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func config(_ json: String) throws -> URL {
        let file = folder.appendingPathComponent("config.json")
        try Data(json.utf8).write(to: file)
        return file
    }

    private static let llama65 = """
        {"model_type": "llama", "hidden_size": 8192, "num_hidden_layers": 80, "num_attention_heads": 64,
         "intermediate_size": 22016, "vocab_size": 32000, "max_position_embeddings": 2048, "rms_norm_eps": 1e-5,
         "hidden_act": "silu", "tie_word_embeddings": false}
        """
    private static let bertBase = """
        {"model_type": "bert", "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
         "intermediate_size": 3072, "vocab_size": 30522, "max_position_embeddings": 512, "type_vocab_size": 2,
         "hidden_act": "gelu", "layer_norm_eps": 1e-12, "hidden_dropout_prob": 0.1,
         "attention_probs_dropout_prob": 0.1}
        """

    private func estimate(
        _ json: String, _ change: (inout TrainingEstimate.Setup) -> Void = { _ in }
    ) throws -> TrainingEstimate {
        defer { try? FileManager.default.removeItem(at: folder) }
        var setup = TrainingEstimate.Setup()
        change(&setup)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return try TrainingEstimate(config: config(json), setup)
    }

    @Test func parametersAreThoseOfTheModels() throws {
        #expect(try estimate(Self.llama65).parameters == 65_285_660_672)
        // Without the pooler
        let bert = try estimate(Self.bertBase)
        #expect(bert.parameters == 108_891_648 && bert.trainable == bert.parameters && bert.setup.length == 512)
    }

    /// Figure 1 of the paper: 7.5 · 10⁹ parameters on 64 devices take 120, 31.4, 16.6 and 1.9 GB.
    @Test func statesAreThoseOfThePaper() throws {
        for (stage, gigabytes) in [120, 31.4, 16.6, 1.88].enumerated() {
            let bytes = try estimate(Self.llama65) { ($0.zero, $0.ranks) = (stage, 64) }
            let states = bytes.bytes.weights + bytes.bytes.gradients + bytes.bytes.optimizer
            let scaled = states / Double(bytes.parameters) * 7.5
            #expect(abs(scaled - gigabytes) < 0.05, "stage \(stage): \(scaled)")
        }
        // Twice and three times the 16-bit weights in a step (section 7)
        let sent = try (0...3).map { stage in
            let bytes = try estimate(Self.llama65) { ($0.zero, $0.ranks) = (stage, 64) }
            return bytes.sentPerStep / (2 * Double(bytes.parameters))
        }
        #expect(sent == [2, 2, 2, 3])
        #expect(try estimate(Self.llama65).sentPerStep == 0)
    }

    @Test func frozenWeightsHaveNoStates() throws {
        let lora = try estimate(Self.llama65) { $0.method = .lora }
        // Rank 8 on queries and values: (8192 + 8192) · 8 for each
        #expect(lora.trainable == 80 * 2 * 2 * 8192 * 8)
        #expect(
            lora.bytes.optimizer == 12 * Double(lora.trainable) && lora.bytes.gradients == 2 * Double(lora.trainable))
        #expect(lora.bytes.weights == 2 * Double(lora.parameters + lora.trainable))
        let wide = try estimate(Self.llama65) {
            $0.method = .lora
            $0.configuration = try? AdapterConfiguration("lora", overrides: ["rank=64"])
        }
        #expect(wide.trainable == 8 * lora.trainable)
        // The paper of QLoRA trains 65B on one device of 48 GB
        let qlora = try estimate(Self.llama65) { ($0.method, $0.recomputes, $0.length) = (.qlora, true, 512) }
        #expect(qlora.bytes.weights > 33e9 && qlora.bytes.weights < 36e9 && qlora.bytes.total < 48e9)
        let divided = try estimate(Self.llama65) { ($0.method, $0.zero, $0.ranks) = (.qlora, 3, 4) }
        #expect(abs(divided.bytes.weights * 4 - qlora.bytes.weights) < 1)
        #expect(try estimate(Self.bertBase) { $0.method = .adapter }.trainable > 100_000)
    }

    @Test func timeFollowsFromOperations() throws {
        let full = try estimate(Self.llama65) { ($0.tokens, $0.ranks) = (1.4e12, 2048) }
        // Six for each parameter, and attention over 2048 tokens
        #expect(abs(full.flopsPerToken / (6 * 65.29e9) - 1) < 0.04)
        // The paper of LLaMA: 380 tokens a second and device, 21 days
        let days = full.seconds / 86_400
        #expect(days > 19 && days < 27, "\(days)")
        let lora = try estimate(Self.llama65) { $0.method = .lora }
        #expect(abs(lora.flopsPerToken / full.flopsPerToken - 2.0 / 3) < 0.02)
        let again = try estimate(Self.llama65) { $0.recomputes = true }
        #expect(abs(again.flopsPerToken / full.flopsPerToken - 4.0 / 3) < 0.02)
        #expect(again.bytes.activations < full.bytes.activations / 8)
    }

    /// Activations of a layer by Korthikanti et al. 2022, without attention's own: 34 bytes for each token and hidden unit.
    @Test func activationsAreThoseOfTheLiterature() throws {
        let bert = try estimate(Self.bertBase) { ($0.batch, $0.length) = (8, 512) }
        let expected = 34.0 * 8 * 512 * 768 * 12
        #expect(abs(bert.bytes.activations / expected - 1) < 0.2, "\(bert.bytes.activations / expected)")
    }

    @Test func mistakesAreNamed() throws {
        for (field, change) in [
            ("zero", { $0.zero = 4 }), ("ranks", { $0.ranks = 0 }), ("batch", { $0.batch = 0 }),
            ("length", { $0.length = 0 }), ("tokens", { $0.tokens = 0 }), ("flops", { $0.flops = .nan }),
            ("utilization", { $0.utilization = 1.5 }),
        ] as [(String, (inout TrainingEstimate.Setup) -> Void)] {
            let error = #expect(throws: AmalgamError.self) { _ = try estimate(Self.bertBase, change) }
            #expect(error?.kind == .option && error?.field == field, "\(field)")
        }
        let missing = #expect(throws: AmalgamError.self) {
            _ = try TrainingEstimate(config: folder.appendingPathComponent("none.json"))
        }
        #expect(missing?.kind == .missingFile && missing?.description.contains("none.json") == true)
        let other = #expect(throws: AmalgamError.self) { _ = try estimate(#"{"model_type": "t5"}"#) }
        #expect(other?.description.contains("t5") == true)
    }

    @Test func theReportHasAllFigures() throws {
        let estimate = try estimate(Self.llama65) { ($0.zero, $0.ranks) = (3, 64) }
        let text = estimate.report.terminalText
        for words in ["full, ZeRO stage 3, 64 ranks", "65,285,660,672 parameters", "optimizer's states", "TFLOP/s"] {
            #expect(text.contains(words), "\(text)")
        }
        guard case .map(let bytes)? = estimate.values["bytes_per_rank"] else {
            #expect(Bool(false), "no bytes")
            return
        }
        #expect(bytes["total"]?.number == estimate.bytes.total.rounded())
    }
}
