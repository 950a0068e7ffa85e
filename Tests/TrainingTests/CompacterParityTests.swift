import Adapters
import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Bundles
@testable import Training

/// Compacter against `adapters` in float64 (Tests/Golden/compacter_golden.py), weights exchanged.
@Suite struct CompacterParityTests {
    static let cases = ["compacter", "compacterpp", "rules", "shared_rank"]

    private static func url(_ name: String) -> URL {
        Golden.folder.deletingLastPathComponent().appendingPathComponent("compacter").appendingPathComponent(name)
    }

    private func golden(_ name: String) throws -> SafetensorsFile {
        try SafetensorsFile(Self.url(name).appendingPathExtension("safetensors"))
    }

    private func network(_ name: String) throws -> (Network, HeadPlan) {
        try Parity.network(adapter: Self.url(name).appendingPathComponent("adapter"))
    }

    @Test(arguments: cases) func logitsLossAndGradients(_ name: String) throws {
        let (network, plan) = try network(name)
        let method = try network.arrangement.members[0].configuration.makeMethod()
        try Parity.expectEqual(network, plan, golden(name)) {
            $0.hasPrefix("members/")
                ? try #require(
                    AdapterHubNames.adapter(String($0.dropFirst(10)), of: method, name: "t", prefix: "bert."))
                : try #require(Golden.torchName($0, members: []))
        }
        #expect(try network.parameters.trainable == Parity.trainable(Self.url(""), name))
    }

    @Test(arguments: cases) func fiftySteps(_ name: String) throws {
        let (network, plan) = try network(name)
        var settings = AdamW.Settings()
        settings.decaysAll = true
        try Parity.expectEqualSteps(network, plan, golden(name), settings)
    }
}
