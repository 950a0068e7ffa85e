import Adapters
import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Bundles
@testable import Training

/// Prompt and prefix tuning as `peft` has them, in float64 (Tests/Golden/virtual_golden.py): what its folders hold becomes its logits.
@Suite struct VirtualParityTests {
    private static let folder = Golden.folder.deletingLastPathComponent().appendingPathComponent("virtual")

    private func file(_ name: String) throws -> SafetensorsFile {
        try SafetensorsFile(Self.folder.appendingPathComponent("\(name).safetensors"))
    }

    private func bundle(_ name: String, _ model: EncoderModel) throws -> AdapterBundle {
        try ForeignImport.read(folder: Self.folder.appendingPathComponent(name), name: "t", model: model).bundle
    }

    /// Adapter and head as peft saved them, all learning.
    private func network(_ name: String) throws -> (network: Network, plan: HeadPlan) {
        let model = try EncoderModel(folder: Golden.folder.appendingPathComponent("tiny"))
        let bundle = try bundle(name, model)
        var arrangement = Arrangement(model: model)
        (arrangement.members, arrangement.composition) = (bundle.members, bundle.composition)
        arrangement.heads = bundle.heads
        arrangement.trainable = bundle.tensors.map { ParameterSpec($0.name, $0.shape, .values($0.values)) }
        let network = try Network(arrangement, seed: 0)
        return (network, try network.plan(head: 0, trains: true, baseDropout: false, headDropout: 0))
    }

    private func logits(_ network: (network: Network, plan: HeadPlan)) throws -> [Float] {
        let results = network.plan.plan.run(try Golden.batches()[0], workspace: Workspace(threads: 2))
        return Array(results.values(network.plan.output))
    }

    @Test(arguments: ["prompt", "prefix", "prefix_projection"]) func logitsOfFolders(_ name: String) throws {
        let difference = Difference(try logits(network(name)), try file(name).floats("logits"))
        #expect(difference.largest < 1e-5, "\(difference)")
    }

    @Test(arguments: ["prompt", "prefix"]) func lossAndGradients(_ name: String) throws {
        let (network, plan) = try network(name)
        let golden = try file(name)
        let results = plan.plan.run(try Golden.batches()[0], workspace: Workspace(threads: 2))
        #expect(abs(results.values(plan.loss).reduce(0, +) - (try golden.floats("loss"))[0]) < 1e-5)
        let classifier = try #require(TransformersNames.of("bert")?.classifier)
        let head = TransformersNames.tensors(classifier, scope: network.arrangement.heads[0].scope)
        for (ours, theirs) in head {
            let gradient = try #require(network.parameters[ours]).gradientArray
            let difference = Difference(gradient, try golden.floats("grad.\(theirs)"))
            #expect(difference.relative < 1e-3, "\(ours): \(difference)")
        }
        let parts = network.parameters.parameters.filter { $0.name.hasPrefix("members/") }.map {
            NamedTensor($0.name, $0.shape, $0.gradientArray)
        }
        #expect(parts.count == (name == "prompt" ? 1 : 6))
        let table = try #require(TensorTable.joined(parts))
        let difference = Difference(table.values, try golden.floats("grad.prompt_embeddings"))
        #expect(difference.relative < 1e-3, "\(difference)")
    }

    @Test(arguments: ["prompt", "prefix"]) func fiftySteps(_ name: String) throws {
        let (network, plan) = try network(name)
        var settings = AdamW.Settings()
        settings.decaysAll = true
        try Parity.expectEqualSteps(network, plan, file(name), settings)
    }

    /// The rows of virtual tokens, too, and those that see a window of the text.
    @Test(arguments: [
        ("roberta", "prompt"), ("roberta", "prefix"), ("electra", "prompt"), ("electra", "prefix"),
        ("distilbert", "prompt"), ("modernbert", "prompt"),
    ]) func hiddenStatesOfFamilies(_ family: String, _ kind: String) throws {
        let families = Golden.folder.deletingLastPathComponent().appendingPathComponent("families")
        let model = try EncoderModel(folder: families.appendingPathComponent(family))
        let sequences = try Golden.sequences(
            SafetensorsFile(families.appendingPathComponent("\(family).safetensors"))
        ).map { (ids: Array($0.ids.prefix(16)), types: Array($0.types.prefix(16)), row: $0.row) }
        let network = try Network(
            Arrangement(model: model, bundle: bundle("\(kind)_\(family)", model)), seed: 0)
        let (plan, _) = try network.hiddenStates()
        let expected = try file(family).floats(kind)
        let output = try #require(plan.operations.last?.output)
        let found = plan.run(PackedBatch(sequences), workspace: Workspace(threads: 2)).values(output)
        #expect(found.count == expected.count)
        let difference = Difference(found, expected)
        #expect(difference.largest < 1e-5, "\(difference)")
    }

    /// What a prompt and a prefix do otherwise in `adapters` shows: logits differ.
    @Test(arguments: [("prompt", "insert_into"), ("prefix", "takes_positions")]) func optionsMatter(
        _ name: String, _ field: String
    ) throws {
        let (network, _) = try network(name)
        var arrangement = network.arrangement
        let old = arrangement.members[0].configuration
        arrangement.members = [
            Member(
                name: "t",
                configuration: try AdapterConfiguration(
                    method: old.method, fields: old.fields.filter { $0.key != field }, source: "test"))
        ]
        let other = try Network(arrangement, seed: 0)
        let plan = try other.plan(head: 0, trains: false)
        let difference = Difference(try logits((other, plan)), try file(name).floats("logits"))
        #expect(difference.largest > 1e-3, "\(difference)")
    }
}
