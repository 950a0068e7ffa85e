import Models
import Numerics
import Testing

@testable import Adapters

/// Compacter: bottlenecks whose matrices are sums of Kronecker products.
@Suite struct PHMTests {
    private func architecture(hidden: Int = 384, layers: Int = 6) throws -> Architecture {
        try Architecture(
            ModelConfiguration(
                family: "bert", hidden: hidden, layers: layers, heads: 2, intermediate: 2 * hidden, vocabulary: 7,
                positions: 8, types: 2))
    }

    private func specs(_ preset: String, _ overrides: String...) throws -> [ParameterSpec] {
        try AdapterConfiguration.resolve(preset, overrides: overrides).makeMethod().specs(architecture())
    }

    /// As `adapters` counts MiniLM-L6's: a matrix of 384 to 12 has 4 · (96 + 3) numbers; the rule has 64.
    @Test func parameterCounts() throws {
        func count(_ specs: [ParameterSpec]) -> Int { specs.reduce(0) { $0 + $1.count } }
        #expect(try count(specs("compacter++")) == 64 + 6 * (2 * 4 * (96 + 3) + 12 + 384))
        #expect(try count(specs("compacter")) == 64 + 12 * (2 * 4 * (96 + 3) + 12 + 384))
    }

    @Test func tensors() throws {
        #expect(try specs("compacter++").count { $0.name.hasSuffix("phm_rule") } == 1)
        #expect(try specs("compacter++", "shared_phm_rule=false").count { $0.name.hasSuffix("phm_rule") } == 12)
        let whole = try specs("compacter++", "factorized_phm_W=false", "factorized_phm_rule=true", "phm_bias=false")
        #expect(whole.first { $0.name == "afterFeedForward/0/down.W" }?.shape == [4, 96, 3])
        #expect(
            whole.map(\.shape).prefix(2) == [[4, 4, 1], [4, 1, 4]] && !whole.contains { $0.name.hasSuffix("bias") })
    }

    /// A width that n does not divide is rounded up.
    @Test func width() throws {
        let method = try AdapterConfiguration.resolve("compacter++", overrides: ["reduction_factor=64"]).makeMethod()
        let site = try #require(architecture()[Site(.afterFeedForward, layer: 0)])
        #expect(method.bottleneck(at: site)?.width == 8)
        let adapter = try #require(method as? BottleneckAdapter)
        #expect(try adapter.widened(architecture()) == Site(.afterFeedForward, layer: 0))
        let exact = try #require(try AdapterConfiguration.resolve("compacter").makeMethod() as? BottleneckAdapter)
        #expect(try exact.widened(architecture()) == nil)
    }

    /// Bundles of before keep their bytes.
    @Test func laterFields() throws {
        #expect(try AdapterConfiguration.resolve("seq_bn").fields.keys.allSatisfy { PHM.defaults[$0] == nil })
        #expect(try AdapterConfiguration.resolve("compacter++").option == "--config compacter++")
    }

    @Test(arguments: [
        ("phm_dim=0", "phm_dim: found 0, expected an integer in 1...256"),
        ("shared_W_phm=true", "shared_W_phm: found true, expected false; other values are not supported"),
        ("learn_phm=false", "learn_phm: found false, expected true; other values are not supported"),
        ("hypercomplex_nonlinearity=phm", "expected glorot-uniform, glorot-normal, normal"),
        ("init_weights=mam_adapter", "init_weights: found \"mam_adapter\", expected \"bert\" if phm_layer is true"),
    ]) func refuses(_ override: String, _ message: String) {
        #expect { try AdapterConfiguration.resolve("compacter", overrides: [override]) } throws: {
            "\($0)".contains(message)
        }
    }

    @Test func refusesABaseOfAnotherWidth() throws {
        let method = try AdapterConfiguration.resolve("compacter").makeMethod()
        #expect { try method.start(architecture(hidden: 50)) { _ in [] } } throws: {
            "\($0)" == "adapter: phm_dim: found 4, expected a divisor of the hidden size, 50"
        }
        #expect { try method.mergedForm() } throws: { ($0 as? MergeFault)?.field == "phm_layer" }
    }
}
