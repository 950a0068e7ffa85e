import Adapters
import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Bundles
@testable import Training

/// BitFit against `transformers` and layer-norm tuning against `peft`, in float64 (Tests/Golden/norm_golden.py).
@Suite struct NormParityTests {
    static let cases = ["bitfit", "bitfit_subset", "ln_tuning"]

    private func file(_ name: String) throws -> SafetensorsFile {
        try SafetensorsFile(
            Golden.folder.deletingLastPathComponent().appendingPathComponent("norms/\(name).safetensors"))
    }

    /// The tensor of the model that one of ours is added to, or theirs of the head.
    private func theirs(_ name: String, _ architecture: Architecture) throws -> String {
        let classifier = try #require(TransformersNames.of("bert")?.classifier)
        let parts = name.split(separator: "/").map(String.init)
        guard parts[0] == "members" else {
            return try #require(
                TransformersNames.tensors(classifier, scope: Golden.head.scope).first { $0.ours == name }?.theirs)
        }
        let kind = try #require(Site.Kind(rawValue: parts[2]))
        let site = try #require(architecture[Site(kind, layer: parts.count == 5 ? Int(parts[3]) : nil)])
        return "bert." + (try #require(parts.last == "weight" ? site.weight : site.bias))
    }

    private func network(_ name: String) throws -> (network: Network, plan: HeadPlan) {
        let configuration =
            try name == "bitfit_subset"
            ? AdapterConfiguration.resolve("bitfit", overrides: ["targets=query,intermediate"]) : .resolve(name)
        let file = try file(name)
        var arrangement = try Golden.arrangement("base")
        let architecture = arrangement.model.architecture
        let member = Member(name: "t", configuration: configuration)
        arrangement.members = [member]
        arrangement.composition = .leaf("t")
        arrangement.trainable += try Parity.start(member.specs(architecture)) {
            try file.floats("start.\(theirs($0, architecture))")
        }
        let network = try Network(arrangement, seed: 0)
        return (network, try network.plan(head: 0, trains: true, baseDropout: false, headDropout: 0))
    }

    /// The tensors are the library's, in number and shape.
    @Test(arguments: cases) func logitsLossAndGradients(_ name: String) throws {
        let (network, plan) = try network(name)
        let file = try file(name)
        let architecture = network.arrangement.model.architecture
        try Parity.expectEqual(network, plan, file) { try theirs($0, architecture) }
        let elements = try file.names.filter { $0.hasPrefix("grad.") }.reduce(0) {
            $0 + (try file.tensor($1).shape.reduce(1, *))
        }
        #expect(network.parameters.trainable == elements)
    }

    /// Without decay: the library would decay the weights, we what is added to them.
    @Test(arguments: cases) func fiftySteps(_ name: String) throws {
        let (network, plan) = try network(name)
        var settings = AdamW.Settings()
        settings.decay = 0
        try Parity.expectEqualSteps(network, plan, file(name), settings)
    }
}
