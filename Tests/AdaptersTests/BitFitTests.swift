import Models
import Numerics
import Testing

@testable import Adapters

/// BitFit and layer-norm tuning: which vectors they have, and what they say about wrong fields.
@Suite struct BitFitTests {
    private func names(_ preset: String, _ overrides: String..., family: String = "bert") throws -> [String] {
        let architecture = try Architecture(
            ModelConfiguration(
                family: family, hidden: 6, layers: 2, heads: 1, intermediate: 10, vocabulary: 7, positions: 8, types: 2)
        )
        let specs = try AdapterConfiguration.resolve(preset, overrides: overrides).makeMethod().specs(architecture)
        #expect(
            specs.allSatisfy { spec in
                !spec.decays && spec.initializer == .zeros
                    && spec.shape == [spec.name.hasPrefix("intermediate") ? (family == "bert" ? 10 : 20) : 6]
            })
        return specs.map(\.name)
    }

    @Test func biases() throws {
        let layer = { (i: Int) in
            [
                "query", "key", "value", "attentionOutput", "attentionNorm", "intermediate", "feedForwardOutput",
                "feedForwardNorm",
            ].map { "\($0)/\(i)/bias" }
        }
        #expect(try names("bitfit") == ["embeddingNorm/bias"] + layer(0) + layer(1))
        #expect(try names("bitfit", "leave_out=[0]") == ["embeddingNorm/bias"] + layer(1))
        #expect(
            try names("bitfit", "targets=query,intermediate") == [
                "query/0/bias", "intermediate/0/bias", "query/1/bias", "intermediate/1/bias",
            ])
    }

    /// Of a model without biases.
    @Test func preNorm() throws {
        #expect(
            try names("ln_tuning", family: "modernbert") == [
                "embeddingNorm/weight", "feedForwardNorm/0/weight", "attentionNorm/1/weight",
                "feedForwardNorm/1/weight", "finalNorm/weight",
            ])
        #expect(
            try names("bitfit", #"targets=["final_norm","intermediate"]"#, family: "modernbert") == [
                "intermediate/0/bias", "intermediate/1/bias", "finalNorm/bias",
            ])
    }

    @Test func norms() throws {
        #expect(
            try names("ln_tuning", "targets=embedding_norm,output_norm", "leave_out=[1]") == [
                "embeddingNorm/weight", "embeddingNorm/bias", "feedForwardNorm/0/weight", "feedForwardNorm/0/bias",
            ])
        #expect(try names("ln_tuning").count == 10)
        #expect(try names("ln_tuning", "targets=final_norm").isEmpty)
    }

    @Test(arguments: [
        ("bitfit", "targets=norm", "targets: found norm, expected query, key, value"),
        ("bitfit", "targets=[]", "found []"),
        ("ln_tuning", "targets=query", "targets: found query, expected embedding_norm, attention_norm, output_norm"),
        ("ln_tuning", "bias=false", "bias: unknown field"), ("bitfit", "leave_out=1", "leave_out: found 1"),
    ]) func refuses(_ preset: String, _ override: String, _ message: String) {
        do {
            _ = try AdapterConfiguration.resolve(preset, overrides: [override])
            Issue.record("no error for \(override)")
        } catch {
            #expect("\(error)".contains(message), "\(error)")
        }
    }
}
