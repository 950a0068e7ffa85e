import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Bundles
@testable import Training

/// RoBERTa and XLM-R against `transformers` in float64 (Tests/Golden/roberta_golden.py): positions count from the
/// padding's id on, there is one kind of text, and the folder may have a head.
@Suite struct RobertaFamilyParityTests {
    private static let folder = Golden.folder.deletingLastPathComponent().appendingPathComponent("roberta")
    static let kinds = ["roberta", "xlm-roberta"]

    private let workspace = Workspace(threads: 2)

    private func golden(_ kind: String) throws -> SafetensorsFile {
        try SafetensorsFile(Self.folder.appendingPathComponent("\(kind).safetensors"))
    }

    private func model(_ kind: String) throws -> EncoderModel {
        try EncoderModel(folder: Self.folder.appendingPathComponent(kind))
    }

    private func batch(_ golden: SafetensorsFile) throws -> PackedBatch {
        let ids = try golden.int64s("input_ids")
        let mask = try golden.int64s("attention_mask")
        let labels = try golden.int64s("labels")
        let length = ids.count / labels.count
        return PackedBatch(
            labels.indices.map { row in
                let real = (0..<length).map { row * length + $0 }.filter { mask[$0] == 1 }
                return (
                    real.map { Int32(ids[$0]) }, real.map { _ in 0 },
                    SequenceRow(example: UInt64(row))
                )
            }, classes: labels.map { Int($0) })
    }

    /// The torch name of a trainable tensor of ours, after `grad.` or `head.`.
    private func theirs(_ name: String) -> String {
        for (ours, theirs) in [
            ("base/", "roberta."), ("heads/h/dense", "classifier.dense"), ("heads/h/out", "classifier.out_proj"),
        ] where name.hasPrefix(ours) {
            return theirs + name.dropFirst(ours.count)
        }
        return name
    }

    /// All weights and the fixture's head, to be trained.
    private func network(_ kind: String) throws -> (Network, HeadPlan) {
        let (model, golden) = (try model(kind), try golden(kind))
        var arrangement = Arrangement(model: model)
        arrangement.heads = [Golden.head]
        arrangement.trainable = model.architecture.tensors.compactMap { tensor in
            model.weight(tensor.name).map { ParameterSpec("base/\(tensor.name)", tensor.shape, .copy($0)) }
        }
        for spec in Golden.head.head.specs(hidden: model.configuration.hidden, scope: Golden.head.scope) {
            let name = "head." + theirs(spec.name).dropFirst("classifier.".count)
            arrangement.trainable.append(ParameterSpec(spec.name, spec.shape, .values(try golden.floats(name))))
        }
        let network = try Network(arrangement, seed: 0)
        return (network, try network.plan(head: 0, trains: true, baseDropout: false, headDropout: 0))
    }

    @Test(arguments: kinds) func hiddenStatesOfEveryLayer(_ kind: String) throws {
        let (model, golden) = (try model(kind), try golden(kind))
        #expect(model.configuration.firstPosition == 2 && model.configuration.longestSequence == 24)
        let (plan, hidden) = try Network(Arrangement(model: model), seed: 0).hiddenStates()
        let results = plan.run(try batch(golden), workspace: workspace)
        #expect(hidden.count == 3)
        for (layer, value) in hidden.enumerated() {
            let difference = Difference(results.values(value), try golden.floats("hidden.\(layer)"))
            #expect(difference.largest < 1e-4, "layer \(layer): \(difference)")
        }
    }

    @Test(arguments: kinds) func logitsLossAndGradients(_ kind: String) throws {
        let golden = try golden(kind)
        let (network, plan) = try network(kind)
        let results = plan.plan.run(try batch(golden), workspace: workspace)
        let logits = Difference(results.values(plan.output), try golden.floats("logits"))
        #expect(logits.largest < 1e-4, "logits: \(logits)")
        #expect(abs(results.values(plan.loss).reduce(0, +) - (try golden.floats("loss"))[0]) < 1e-5)
        #expect(plan.plan.parameters.count == golden.names.filter { $0.hasPrefix("grad.") }.count)
        for parameter in network.parameters.parameters {
            let difference = Difference(
                parameter.gradientArray, try golden.floats("grad.\(theirs(parameter.name))"))
            // a gradient that is zero in theory: only rounding is left of it
            if difference.scale < 1e-9 {
                #expect(difference.largest < 1e-6, "\(parameter.name): \(difference)")
            } else {
                #expect(difference.relative < 1e-3, "\(parameter.name): \(difference)")
            }
        }
    }

    /// 20 AdamW steps of all weights on one batch.
    @Test(arguments: kinds) func twentySteps(_ kind: String) throws {
        let golden = try golden(kind)
        let (network, plan) = try network(kind)
        var settings = AdamW.Settings()
        settings.decaysAll = true
        let optimizer = AdamW(network.parameters, settings: settings, pool: workspace.pool)
        let batch = try batch(golden)
        let ours = (0..<20).map { _ in
            let loss = Float(plan.step(batch, workspace: workspace, stepKey: nil))
            optimizer.step(plan.plan.parameters, rate: 1e-3, clip: 0)
            return loss
        }
        let difference = Difference(ours, try golden.floats("step_losses"))
        #expect(difference.largest < 1e-3, "\(difference)")
    }
}
