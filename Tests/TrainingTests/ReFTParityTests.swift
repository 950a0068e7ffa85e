import Adapters
import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Bundles
@testable import Training

/// ReFT against `adapters` in float64 (Tests/Golden/reft_golden.py), weights exchanged.
@Suite struct ReFTParityTests {
    static let cases = ["loreft", "loreft_both", "noreft_tied", "direft"]

    private static func url(_ name: String) -> URL {
        Golden.folder.deletingLastPathComponent().appendingPathComponent("reft").appendingPathComponent(name)
    }

    private func golden(_ name: String) throws -> SafetensorsFile {
        try SafetensorsFile(Self.url(name).appendingPathExtension("safetensors"))
    }

    private func network(_ name: String) throws -> (Network, HeadPlan) {
        try Parity.network(adapter: Self.url(name).appendingPathComponent("adapter")) {
            // The library's files do not say this
            name == "direft" ? try $0.with(["subtract_projection": .bool(false)]) : $0
        }
    }

    /// The library's name of a parameter.
    private func theirs(_ name: String, orthogonal: Bool) throws -> String {
        guard name.hasPrefix("members/") else { return try #require(Golden.torchName(name, members: [])) }
        let parts = name.split(separator: "/").map(String.init)
        let (place, tensor) = try #require(parts[4].firstIndex(of: ".").map { (parts[4][..<$0], parts[4][$0...]) })
        let names = [
            ".source.weight": "learned_source.weight", ".source.bias": "learned_source.bias",
            ".projection": orthogonal ? "projection.parametrizations.weight.original" : "projection.weight",
        ]
        return "bert.encoder.layer.\(parts[3]).reft_layer.refts.t.units.\(place == "suffix" ? 1 : 0)."
            + (try #require(names[String(tensor)]))
    }

    @Test(arguments: cases) func logitsLossAndGradients(_ name: String) throws {
        let (network, plan) = try network(name)
        try Parity.expectEqual(network, plan, golden(name)) { try theirs($0, orthogonal: name.hasPrefix("loreft")) }
        #expect(try network.parameters.trainable == Parity.trainable(Self.url(""), name))
    }

    /// The weight decay of the library's optimizer, but for the free numbers of orthonormal rows, which it would break.
    @Test(arguments: cases) func fiftySteps(_ name: String) throws {
        var (network, plan) = try network(name)
        var arrangement = network.arrangement
        for i in arrangement.trainable.indices {
            let spec = arrangement.trainable[i]
            arrangement.trainable[i].decays = !(name.hasPrefix("loreft") && spec.name.hasSuffix(".projection"))
        }
        network = try Network(arrangement, seed: 0)
        plan = try network.plan(head: 0, trains: true, baseDropout: false, headDropout: 0)
        try Parity.expectEqualSteps(network, plan, golden(name), AdamW.Settings())
    }

    /// What takes the place of a layer's output has no average.
    @Test func refusesAnAverage() throws {
        var arrangement = try Golden.arrangement("base")
        arrangement.members = try ["a", "b"].map { Member(name: $0, configuration: try .resolve("loreft")) }
        for member in arrangement.members {
            arrangement.trainable += try member.specs(arrangement.model.architecture)
        }
        func logits(_ block: any CompositionBlock) throws -> [Float] {
            var arrangement = arrangement
            arrangement.composition = Composition(block, [.leaf("a"), .leaf("b")])
            let network = try Network(arrangement, seed: 1)
            let plan = try network.plan(head: 0, trains: false)
            let workspace = Workspace(threads: 1)
            return try withExtendedLifetime((network, workspace)) {
                Array(plan.plan.run(try Golden.batches()[0], workspace: workspace).values(plan.output))
            }
        }
        #expect { try logits(Average(weights: [0.5, 0.5])) } throws: {
            "\($0)".contains("an adapter of method reft, or with original_ln_after false")
        }
        #expect { try logits(Fuse(FusionConfiguration.dynamic)) } throws: {
            "\($0)".contains("found method reft, expected bottleneck, or lora or vera")
        }
        #expect(try logits(Stack()).allSatisfy(\.isFinite))
    }

    /// A folder as the library makes it: its orthonormal rows are relative to a random base.
    @Test func randomBase() throws {
        let (network, plan) = try network("loreft_base")
        let workspace = Workspace(threads: 1)
        let expected = try golden("loreft_base").floats("logits")
        let logits = try withExtendedLifetime(network) {
            Difference(plan.plan.run(try Golden.batches()[0], workspace: workspace).values(plan.output), expected)
        }
        #expect(logits.largest < 1e-4, "\(logits)")
    }
}
