import Adapters
import Bundles
import Models
import Numerics
import Testing

@testable import Training

/// Tensors with a learning rate of their own (LoRA+).
@Suite struct RateFactorTests {
    /// A tensor's factor scales its step and its decay, and no other tensor's.
    @Test func theOptimizerAsksTheTensor() throws {
        let buffer = try ParameterBuffer(
            [
                ParameterSpec("a", [4], .ones), ParameterSpec("b", [4], .ones, rateFactor: 16),
                ParameterSpec("rows", [2, 3], .ones, isTable: true, rateFactor: 16),
            ], seed: 1)
        let optimizer = AdamW(buffer, settings: AdamW.Settings(), pool: ThreadPool(threads: 1))
        for i in 0..<buffer.count { buffer.gradients[i] = 0.5 }
        optimizer.step(buffer.parameters, rate: 0.01, clip: 0)
        // The first step of AdamW: the rate times the gradient's sign, and the decay
        #expect(buffer.parameters[0].array.allSatisfy { abs($0 - (1 - 0.01 - 0.0001)) < 1e-6 })
        #expect(buffer.parameters[1].array.allSatisfy { abs($0 - (1 - 0.16 - 0.0016)) < 1e-6 })
        // Rows of a table that no text has used only decay
        #expect(buffer.parameters[2].array.allSatisfy { abs($0 - (1 - 0.0016)) < 1e-6 })
    }

    /// A checkpoint of a run with other factors is refused.
    @Test func theRunsIdentityHasThem() throws {
        func identity(_ preset: String, _ overrides: [String] = []) throws -> RunIdentity {
            let model = try Golden.model()
            let arrangement = try Recipe.adapter(try .resolve(preset, overrides: overrides), from: nil).arrangement(
                model: model, heads: [Golden.head], name: "t")
            return RunIdentity(
                network: try Network(arrangement, seed: 0), kind: "adapter", name: "t", base: "", data: "",
                settings: TrainingSettings(), scheduler: "", tasks: [], tokenizer: "")
        }
        let field = "learning-rate factors"
        #expect(try identity("lora").fields[field] == nil)
        let factors = try ["loraplus_lr_ratio=16", "loraplus_lr_ratio=8"].map {
            try identity("lora", [$0]).fields[field]
        }
        #expect(factors[0] != nil && factors[1] != nil && factors[0] != factors[1])
        #expect(try identity("lora_plus").fields == identity("lora", ["loraplus_lr_ratio=16"]).fields)
        // What PiSSA keeps frozen is part of the starting weights
        #expect(try identity("pissa").fields["starting weights"] != identity("lora").fields["starting weights"])
    }
}
