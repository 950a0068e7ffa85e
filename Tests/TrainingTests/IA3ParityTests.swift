import Adapters
import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Bundles
@testable import Training

/// (IA)³ against `peft` in float64 (Tests/Golden/ia3_golden.py): its folders, weights exchanged.
@Suite struct IA3ParityTests {
    static let cases = ["usual", "mixed"]
    private static let folder = Golden.folder.deletingLastPathComponent().appendingPathComponent("ia3")

    private func golden(_ name: String) throws -> SafetensorsFile {
        try SafetensorsFile(Self.folder.appendingPathComponent("\(name).safetensors"))
    }

    /// Everything of the folder learns.
    private func network(_ name: String) throws -> (network: Network, plan: HeadPlan, bundle: AdapterBundle) {
        let model = try EncoderModel(
            folder: Golden.folder.deletingLastPathComponent().appendingPathComponent("seed1/tiny"))
        let bundle = try ForeignImport.read(
            folder: Self.folder.appendingPathComponent(name), name: "t", model: model
        ).bundle
        var arrangement = Arrangement(model: model, bundle: bundle)
        arrangement.trainable = try Parity.start(bundle.specs(for: model.architecture), from: bundle)
        let network = try Network(arrangement, seed: 0)
        return (network, try network.plan(head: 0, trains: true, baseDropout: false, headDropout: 0), bundle)
    }

    /// The name of a tensor's gradient in the golden file.
    private func theirs(_ name: String, _ bundle: AdapterBundle) throws -> String {
        let classifier = try #require(TransformersNames.of("bert")?.classifier)
        let head = TransformersNames.tensors(classifier, scope: bundle.heads[0].scope)
        if let found = head.first(where: { $0.ours == name }) { return found.theirs }
        let parts = name.split(separator: "/").map(String.init)
        let site = Site(try #require(Site.Kind(rawValue: parts[2])), layer: Int(parts[3]))
        let spec = try #require(try Architecture(bundle.base.shape)[site])
        return "bert.\(PEFTContent.module(spec)).ia3_l.default"
    }

    @Test(arguments: cases) func logitsLossAndGradients(_ name: String) throws {
        let (network, plan, bundle) = try network(name)
        try Parity.expectEqual(network, plan, golden(name)) { try theirs($0, bundle) }
    }

    @Test(arguments: cases) func fiftySteps(_ name: String) throws {
        let (network, plan, _) = try network(name)
        var settings = AdamW.Settings()
        settings.decaysAll = true
        try Parity.expectEqualSteps(network, plan, golden(name), settings)
    }

    @Test(arguments: cases) func readsBack(_ name: String) throws {
        let (_, _, bundle) = try network(name)
        let fields = bundle.members[0].configuration.fields
        let roles: [ConfigurationValue] =
            name == "usual"
            ? ["key", "value", "attention_output", "output"].map { .string($0) }
            : ["query", "attention_output", "intermediate", "output"].map { .string($0) }
        #expect(fields["targets"] == .list(roles))
        #expect(
            fields["feedforward_targets"]
                == .list(
                    (name == "usual" ? ["attention_output", "output"] : ["intermediate", "output"]).map { .string($0) })
        )
        #expect(fields["leave_out"] == .list(name == "usual" ? [] : [.number(1)]))
        let out = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: out) }
        _ = try PEFTExport.write(bundle, to: out)
        let again = try ForeignImport.read(folder: out, name: "t", model: nil).bundle
        #expect(again.tensors == bundle.tensors)
        #expect(again.members.map(\.configuration) == bundle.members.map(\.configuration))
        #expect {
            try AdapterHubExport.write(bundle, to: out.appendingPathExtension("hub"))
        } throws: { "\($0)".contains("feedforward_targets: ") && "\($0)".contains("use --format peft") }
    }
}
