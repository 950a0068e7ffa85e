import Adapters
import Bundles
import Models
import Numerics
import Testing

@testable import Training

/// Which tensors decay: what they declare decides, not what they are called.
@Suite struct WeightDecayTests {
    /// transformers' rule, by the names that we give: biases and norms are exempt.
    private func isExempt(_ name: String) -> Bool {
        name.hasSuffix("bias") || name.contains(".LayerNorm.") || name.hasPrefix("mlm/norm.")
    }

    @Test func everyTensorOfTheModelAndTheHeads() throws {
        let model = try Golden.model()
        let full = try Recipe.full.arrangement(model: model, heads: [Golden.head], name: "t").trainable
        let mlm = MaskedLanguageHead.specs(hidden: 8, vocabulary: 11)
        for spec in full + mlm { #expect(spec.decays == !isExempt(spec.name), "\(spec.name)") }
        #expect(full.contains { !$0.decays } && full.contains { $0.decays })
    }

    @Test(arguments: AdapterMethods.presetNames) func everyMethod(_ preset: String) throws {
        // A name that looks like a norm's, and one that ends like a bias
        for name in ["LayerNorm2", "my.bias"] {
            let specs = try Member(name: name, configuration: try .resolve(preset)).specs(Golden.model().architecture)
            for spec in specs {
                let parts = spec.name.split(separator: "/").dropFirst(2)
                let isExempt =
                    parts.last?.hasSuffix("bias") == true || parts.first?.hasSuffix("Norm") == true
                    // The free numbers of orthonormal rows have no norm to keep small
                    || preset == "loreft" && parts.last?.hasSuffix("projection") == true
                #expect(spec.decays == !isExempt, "\(spec.name)")
            }
        }
    }

    /// One step without a gradient moves exactly what decays.
    @Test func theOptimizerAsksTheTensor() throws {
        let buffer = try ParameterBuffer(
            [
                ParameterSpec("LayerNorm.bias", [4], .ones), ParameterSpec("weight", [4], .ones, decays: false),
            ], seed: 1)
        let optimizer = AdamW(buffer, settings: AdamW.Settings(), pool: ThreadPool(threads: 1))
        optimizer.step(buffer.parameters, rate: 0.1, clip: 0)
        #expect(buffer.parameters[0].array.allSatisfy { abs($0 - 0.999) < 1e-6 })
        #expect(buffer.parameters[1].array.allSatisfy { $0 == 1 })
    }
}
