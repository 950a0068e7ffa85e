import Models
import Numerics
import Testing

@testable import Adapters

@Suite struct VeRATests {
    private func architecture(hidden: Int = 6, layers: Int = 3, intermediate: Int = 10) throws -> Architecture {
        try Architecture(
            ModelConfiguration(
                family: "bert", hidden: hidden, layers: layers, heads: 2, intermediate: intermediate, vocabulary: 7,
                positions: 8, types: 2))
    }

    private func method(_ overrides: String...) throws -> VeRA {
        try #require(try AdapterConfiguration.resolve("vera", overrides: overrides).makeMethod() as? VeRA)
    }

    /// As `peft` counts MiniLM-L6's: 12 modules of 256 + 384 numbers.
    @Test func parameterCount() throws {
        let specs = try method().specs(architecture(hidden: 384, layers: 6, intermediate: 1536))
        #expect(specs.reduce(0) { $0 + $1.count } == 7680)
    }

    /// Narrow sites use the first columns of A and the first rows of B.
    @Test func partsOfProjections() throws {
        let all = try method("targets=all", "r=3").projections(architecture())
        #expect(all.input == 10 && all.output == 10)
        let (a, b) = all.values
        let narrow = all.values(at: SiteSpec(Site(.query, layer: 0), input: 6, output: 6))
        #expect(narrow.a == (0..<3).flatMap { k in (0..<6).map { a[k * 10 + $0] } })
        #expect(narrow.b == Array(b[..<18]))
        // Other keys give other matrices, and so do other widths
        let other = try method("targets=all", "r=3", "projection_prng_key=1").projections(architecture()).values
        #expect(other.a != a && other.b != b)
        #expect(try method("r=3").projections(architecture()).input == 6)
    }

    /// All sites of a plan share one A and one B.
    @Test func sharedOperands() throws {
        let projections = try method("targets=all", "r=3").projections(architecture())
        let builder = PlanBuilder()
        let sites = try architecture().sites(.query, .intermediate, .feedForwardOutput)
        let pairs = sites.map { projections.operands(at: $0, in: builder) }
        #expect(Set(pairs.map(\.a.floats)).count == 2 && Set(pairs.map(\.b.floats)).count == 1)
        for (site, pair) in zip(sites, pairs) {
            let expected = projections.values(at: site)
            #expect(pair.a.shape == [3, site.input] && pair.a.values == expected.a)
            #expect(pair.b.shape == [site.output, 3] && pair.b.values == expected.b)
        }
    }

    @Test func fusable() throws {
        #expect(try method("targets=attention_output,output").notFusable == nil)
        #expect(try method().notFusable?.contains("acts on query, value") == true)
    }

    @Test(arguments: [
        ("r=0", "r: found 0, expected an integer in 1...16384"),
        ("projection_prng_key=-1", "projection_prng_key: found -1, expected an integer in 0...4294967295"),
        ("d_initial=0", "d_initial: found 0, expected a number over 0.0"),
        (
            "targets=norm",
            "targets: found norm, expected query, key, value, attention_output, gate, intermediate, output, or all"
        ),
        ("save_projection=true", "save_projection: unknown field"),
    ]) func refuses(_ override: String, _ message: String) {
        #expect { try AdapterConfiguration.resolve("vera", overrides: [override]) } throws: {
            "\($0)".contains(message)
        }
    }

    /// Vectors that multiply each other do not add up.
    @Test func mergedForm() throws {
        #expect { try method().mergedForm() } throws: {
            ($0 as? MergeFault)?.field == "method" && ($0 as? MergeFault)?.fix == MergeFault.compose
        }
    }
}
