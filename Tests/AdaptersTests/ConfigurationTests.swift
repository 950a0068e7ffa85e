import Foundation
import Models
import Numerics
import Testing

@testable import Adapters

@Suite struct ConfigurationTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Each file in adapters/ says what the preset of its name says.
    @Test(arguments: AdapterMethods.presetNames) func filesEqualPresets(_ name: String) throws {
        let file = Self.root.appendingPathComponent("adapters/\(name).yaml").path
        #expect(try AdapterConfiguration.resolve(file) == AdapterConfiguration.resolve(name))
    }

    @Test func presetsOfEveryMethodAreValidAndNamedOnce() throws {
        #expect(Set(AdapterMethods.presetNames).count == AdapterMethods.presetNames.count)
        #expect(Set(AdapterMethods.builtIn.map { $0.name }).count == AdapterMethods.builtIn.count)
        for name in AdapterMethods.presetNames {
            let configuration = try AdapterConfiguration.resolve(name)
            let json = try #require(ConfigurationValue(json: configuration.json))
            #expect(json == .map(configuration.fields))
            let encoder = try Architecture(
                ModelConfiguration(
                    family: "bert", hidden: 48, layers: 3, heads: 4, intermediate: 96, vocabulary: 10, positions: 10,
                    types: 2))
            let specs = try configuration.makeMethod().specs(encoder)
            #expect(!specs.isEmpty && Set(specs.map(\.name)).count == specs.count)
        }
    }

    /// Parameters of MiniLM-L6's adapters, as the `adapters` library counts them.
    @Test func parameterCounts() throws {
        let encoder = try Architecture(
            ModelConfiguration(
                family: "bert", hidden: 384, layers: 6, heads: 12, intermediate: 1536, vocabulary: 30522,
                positions: 512, types: 2))
        func count(_ specs: [ParameterSpec]) -> Int { specs.reduce(0) { $0 + $1.count } }
        #expect(try count(AdapterConfiguration.resolve("seq_bn").makeMethod().specs(encoder)) == 113_040)
        #expect(try count(AdapterConfiguration.resolve("double_seq_bn").makeMethod().specs(encoder)) == 226_080)
        #expect(try count(AdapterConfiguration.resolve("ia3").makeMethod().specs(encoder)) == 13_824)
        #expect(try count(AdapterConfiguration.resolve("bitfit").makeMethod().specs(encoder)) == 25_728)
        #expect(try count(AdapterConfiguration.resolve("mam").makeMethod().specs(encoder)) == 4_898_720)
        #expect(try count(AdapterConfiguration.resolve("unipelt").makeMethod().specs(encoder)) == 2_760_872)
        #expect(try count(AdapterConfiguration.resolve("scaled_par_bn").makeMethod().specs(encoder)) == 888_198)
        #expect(try count(AdapterConfiguration.resolve("ln_tuning").makeMethod().specs(encoder)) == 13 * 2 * 384)
        let member = Member(name: "a", configuration: try .resolve("seq_bn"))
        #expect(try count(Composition.fuse(["a"]).blockSpecs([member], encoder)) == 2_658_816)
    }

    @Test func overrides() throws {
        let configuration = try AdapterConfiguration.resolve(
            "seq_bn", overrides: ["reduction_factor=8", "leave_out=null"].dropLast())
        #expect(configuration.fields["reduction_factor"] == .number(8))
        #expect { try AdapterConfiguration.resolve("seq_bn", overrides: ["reduction=8"]) } throws: {
            "\($0)".contains("reduction: unknown field")
        }
        #expect { try AdapterConfiguration.resolve("seq_bn", overrides: ["reduction_factor=x"]) } throws: {
            "\($0)" == "seq_bn: reduction_factor: found \"x\", expected a number over 0.0"
        }
        #expect { try AdapterConfiguration.resolve("seq_bm") } throws: {
            "\($0)".contains(
                "unknown adapter configuration 'seq_bm'; did you mean 'seq_bn'? Else give a YAML file or one of ")
        }
        #expect {
            try AdapterConfiguration.resolve("seq_bn", overrides: ["phm_layer=true", "learn_phm=false"])
        } throws: {
            "\($0)".contains("learn_phm")
        }
    }
}
