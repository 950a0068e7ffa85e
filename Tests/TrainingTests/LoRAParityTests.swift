import Adapters
import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Bundles
@testable import Training

/// LoRA against `adapters` and `peft` in float64 (Tests/Golden/lora_golden.py): their folders, weights exchanged.
@Suite struct LoRAParityTests {
    static let cases = ["adapters_qv", "adapters_all", "peft_all"]
    private static let folder = Golden.folder.deletingLastPathComponent().appendingPathComponent("lora")

    /// The bundle of a case, with the head.
    private func bundle(_ name: String) throws -> AdapterBundle {
        var bundle = try ForeignImport.read(
            folder: Self.folder.appendingPathComponent(name), name: "t", model: nil
        ).bundle
        if bundle.heads.isEmpty {
            let head = try AdapterHubImport.read(folder: Golden.folder.appendingPathComponent("head"))
            bundle.heads = head.heads
            bundle.tensors += head.tensors
        }
        return bundle
    }

    /// Everything of the bundle learns.
    private func network(_ bundle: AdapterBundle) throws -> (Network, HeadPlan) {
        let model = try EncoderModel(
            folder: Golden.folder.deletingLastPathComponent().appendingPathComponent("seed1/tiny"))
        var arrangement = Arrangement(model: model, bundle: bundle)
        let values = Dictionary(bundle.tensors.map { ($0.name, $0.values) }) { first, _ in first }
        arrangement.trainable = try bundle.specs(for: model.architecture).map { spec in
            var spec = spec
            spec.initializer = .values(try #require(values[spec.name]))
            return spec
        }
        let network = try Network(arrangement, seed: 0)
        return (network, try network.plan(head: 0, trains: true, baseDropout: false, headDropout: 0))
    }

    /// Our tensor's name in the library's file.
    private func theirs(_ name: String, _ bundle: AdapterBundle, _ test: String) throws -> String {
        guard test.hasPrefix("peft") else {
            return try #require(Golden.torchName(name, members: ["t"]))
        }
        let classifier = try #require(TransformersNames.of("bert")?.classifier)
        if let found = TransformersNames.tensors(classifier, scope: bundle.heads[0].scope).first(where: {
            $0.ours == name
        }) {
            return found.theirs
        }
        let parts = name.split(separator: "/").map(String.init)
        let site = Site(try #require(Site.Kind(rawValue: parts[2])), layer: Int(parts[3]))
        let weight = try #require(try Architecture(bundle.base.shape)[site]?.weight)
        return "bert.\(weight.dropLast(".weight".count)).lora_\(parts[4]).weight"
    }

    @Test(arguments: cases) func logitsLossAndGradients(_ name: String) throws {
        let bundle = try bundle(name)
        let (network, plan) = try network(bundle)
        let workspace = Workspace(threads: 2)
        let results = plan.plan.run(try Golden.batches()[0], workspace: workspace)
        let file = try SafetensorsFile(Self.folder.appendingPathComponent("\(name).safetensors"))
        let logits = Difference(results.values(plan.output), try file.floats("logits"))
        #expect(logits.largest < 1e-4, "logits: \(logits)")
        #expect(abs(results.values(plan.loss).reduce(0, +) - (try file.floats("loss"))[0]) < 1e-5)
        let parameters = network.parameters.parameters
        #expect(parameters.count == file.names.count(where: { $0.hasPrefix("grad.") }))
        for parameter in parameters {
            let difference = Difference(
                parameter.gradientArray, try file.floats("grad.\(theirs(parameter.name, bundle, name))"))
            #expect(difference.relative < 1e-3, "\(parameter.name): \(difference)")
        }
    }

    /// 50 AdamW steps at a rate where the library's float32 agrees with its float64 to 1e-5.
    @Test(arguments: cases) func fiftySteps(_ name: String) throws {
        let file = try SafetensorsFile(Self.folder.appendingPathComponent("\(name).safetensors"))
        let (network, plan) = try network(bundle(name))
        let workspace = Workspace(threads: 2)
        var settings = AdamW.Settings()
        settings.decaysAll = true
        let optimizer = AdamW(network.parameters, settings: settings, pool: workspace.pool)
        let batches = try Golden.batches()
        let rate = try file.floats("step_lr")[0]
        for (step, expected) in try file.floats("step_losses").enumerated() {
            let loss = Float(plan.step(batches[step % 5], workspace: workspace, stepKey: nil))
            #expect(abs(loss - expected) < 1e-4 * expected, "step \(step): \(loss), expected \(expected)")
            optimizer.step(plan.plan.parameters, rate: rate, clip: 0)
        }
    }
}
