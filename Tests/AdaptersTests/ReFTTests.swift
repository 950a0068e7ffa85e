import Models
import Numerics
import Testing

@testable import Adapters

@Suite struct ReFTTests {
    private func architecture(hidden: Int = 6, layers: Int = 3) throws -> Architecture {
        try Architecture(
            ModelConfiguration(
                family: "bert", hidden: hidden, layers: layers, heads: 2, intermediate: 10, vocabulary: 7, positions: 8,
                types: 2))
    }

    private func method(_ preset: String = "loreft", _ overrides: String...) throws -> ReFT {
        try #require(try AdapterConfiguration.resolve(preset, overrides: overrides).makeMethod() as? ReFT)
    }

    private func names(_ method: ReFT) throws -> [String] { try method.specs(architecture()).map(\.name) }

    /// Those that act: `adapters` also has an edit for the end of a text where no token is edited there.
    @Test func tensors() throws {
        #expect(
            try names(method("loreft", "layers=[1]")) == [
                "afterFeedForward/1/prefix.source.weight", "afterFeedForward/1/prefix.source.bias",
                "afterFeedForward/1/prefix.projection",
            ])
        #expect(try names(method("loreft", "suffix_positions=1")).count == 18)
        #expect(try names(method("loreft", "suffix_positions=1", "prefix_positions=0")).count == 9)
        let tied = try names(method("loreft", "suffix_positions=1", "tied_weights=true"))
        #expect(tied.count == 9 && tied.allSatisfy { $0.contains("/tied.") })
        // MiniLM-L6: 6 layers of 384 + 1 + 384
        let specs = try method().specs(architecture(hidden: 384, layers: 6))
        #expect(specs.reduce(0) { $0 + $1.count } == 4614)
    }

    /// Decay would pull free numbers to the first axes.
    @Test func decay() throws {
        for (preset, decays) in [("loreft", false), ("noreft", true), ("direft", true)] {
            let specs = try method(preset).specs(architecture())
            #expect(
                specs.allSatisfy {
                    $0.decays == ($0.name.hasSuffix("source.weight") || decays && !$0.name.hasSuffix("bias"))
                })
        }
    }

    /// Rows start in random directions: no axis stands out.
    @Test func start() throws {
        let specs = try method("loreft", "r=2").specs(architecture(hidden: 384, layers: 6)).filter {
            $0.name.hasSuffix("projection")
        }
        let buffer = try ParameterBuffer(specs, seed: 3)
        for parameter in buffer.parameters {
            let reflections = Reflections(UnsafePointer(parameter.values), rows: 2, width: 384)
            for row in 0..<2 {
                #expect(reflections.row(row).allSatisfy { abs($0) < 0.35 }, "\(parameter.name)")
            }
        }
    }

    @Test(arguments: [
        (["prefix_positions=0"], "prefix_positions: found 0, expected 1 or more here or in suffix_positions"),
        (["layers=[]"], "layers: found [], expected all, or a list of one layer or more"),
        (["layers=3"], "layers: found 3, expected a list of layer numbers"),
        (["r=0"], "r: found 0, expected an integer in 1...65536"),
        (["non_linearity=sine"], "non_linearity: found \"sine\""),
    ]) func refuses(_ overrides: [String], _ message: String) {
        #expect { try AdapterConfiguration.resolve("loreft", overrides: overrides) } throws: {
            "\($0)".contains(message)
        }
    }

    @Test func refusesWhatTheBaseDoesNotHave() throws {
        #expect { try method("loreft", "r=6").start(architecture()) { _ in [] } } throws: {
            "\($0)" == "adapter: r: found 6, expected less than the hidden size, 6: an edit has a subspace of it"
        }
        #expect { try method("loreft", "layers=[0,3]").start(architecture()) { _ in [] } } throws: {
            "\($0)" == "adapter: layers: found 3, expected layers in 0...2"
        }
        _ = try method("loreft", "r=5", "layers=[0,2]").start(architecture()) { _ in [] }
    }

    @Test func combinations() throws {
        #expect(try method().notFusable != nil)
        #expect { try method().mergedForm() } throws: { ($0 as? MergeFault)?.field == "method" }
    }
}
