import Models
import Numerics
import Testing

@testable import Adapters

@Suite struct BottleneckFormTests {
    private func architecture() throws -> Architecture {
        try Architecture(
            ModelConfiguration(
                family: "bert", hidden: 48, layers: 2, heads: 4, intermediate: 96, vocabulary: 10, positions: 10,
                types: 2)
        )
    }

    /// What the options add beside the two matrices.
    @Test(arguments: [
        (["ln_before=true"], [ParameterSpec("norm_before.weight", [48], .ones, decays: false)]),
        (["ln_after=true"], [ParameterSpec("norm_after.bias", [48], .zeros, decays: false)]),
        (["scaling=learned"], [ParameterSpec("scaling", [1], .ones)]),
        (["scaling=channel"], [ParameterSpec("scaling", [48], .ones)]),
        (
            ["use_gating=true"],
            [
                ParameterSpec("gate.weight", [1, 48], .normal(0.02)),
                ParameterSpec("gate.bias", [1], .zeros, decays: false),
            ]
        ), (["dropout=0.2"], []), (["residual_before_ln=post_add", "original_ln_after=false"], []),
    ]) func tensors(_ overrides: [String], _ added: [ParameterSpec]) throws {
        let plain = try AdapterConfiguration.resolve("seq_bn").makeMethod().specs(architecture())
        let specs = try AdapterConfiguration.resolve("seq_bn", overrides: overrides).makeMethod().specs(architecture())
        #expect(plain.allSatisfy(specs.contains))
        for spec in added {
            var spec = spec
            spec.name = "afterFeedForward/1/\(spec.name)"
            #expect(specs.contains(spec), "\(spec.name)")
        }
        #expect((specs.count > plain.count) == !added.isEmpty)
    }

    @Test(arguments: [
        (["is_parallel=true"], "original_ln_before: found true, expected false if is_parallel is true"),
        (["adapter_residual_before_ln=true"], "adapter_residual_before_ln: found true, expected false unless ln_after"),
        (
            ["original_ln_before=false", "residual_before_ln=false"],
            "residual_before_ln: found false, expected true unless"
        ),
        (["original_ln_before=false", "residual_before_ln=post_add"], "residual_before_ln: found \"post_add\""),
        (["residual_before_ln=pre_add"], "expected true, false or post_add"), (["dropout=1"], "dropout: found 1"),
        (["scaling=0"], "scaling: found 0"), (["scaling=\"much\""], "expected a number over 0, learned or channel"),
        (["mh_adapter=false", "output_adapter=false"], "otherwise there is no adapter"),
    ]) func refuses(_ overrides: [String], _ message: String) {
        do {
            _ = try AdapterConfiguration.resolve("seq_bn", overrides: overrides)
            Issue.record("no error for \(overrides)")
        } catch {
            #expect("\(error)".contains(message), "\(error)")
        }
    }

    /// A fusion attends over what adapters add; where one replaces the output, there is nothing to attend over.
    @Test func fusion() throws {
        func fuse(_ overrides: [String]) throws {
            let member = Member(name: "a", configuration: try .resolve("seq_bn", overrides: overrides))
            _ = try Composition.fuse(["a"]).blockSpecs([member], architecture())
        }
        for overrides in [[], ["ln_before=true"], ["use_gating=true"], ["scaling=learned"], ["ln_after=true"]] {
            try fuse(overrides)
        }
        for overrides in [
            ["original_ln_after=false"], ["residual_before_ln=false"],
            ["ln_after=true", "adapter_residual_before_ln=true"],
        ] {
            #expect { try fuse(overrides) } throws: {
                "\($0)".contains("adapter a: found a bottleneck that replaces the sublayer's output")
            }
        }
    }
}
