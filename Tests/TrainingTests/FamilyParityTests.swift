import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Bundles
@testable import Training

/// RoBERTa, XLM-R, DistilBERT, ModernBERT and ELECTRA against `transformers` in float64 (Tests/Golden/families_golden.py). `roberta-bpe` and
/// `modernbert` are whole folders: their tokenizers make the batches of texts.
@Suite struct FamilyParityTests {
    private static let folder = Golden.folder.deletingLastPathComponent().appendingPathComponent("families")
    static let kinds = ["roberta", "xlm-roberta", "distilbert", "roberta-bpe", "modernbert", "electra"]

    private let workspace = Workspace(threads: 2)

    private func golden(_ kind: String) throws -> SafetensorsFile {
        try SafetensorsFile(Self.folder.appendingPathComponent("\(kind).safetensors"))
    }

    private func model(_ kind: String) throws -> EncoderModel {
        try EncoderModel(folder: Self.folder.appendingPathComponent(kind))
    }

    private func batch(_ golden: SafetensorsFile) throws -> PackedBatch {
        PackedBatch(try Golden.sequences(golden), classes: try golden.int64s("labels").map { Int($0) })
    }

    /// The torch name of a trainable tensor of ours, after `grad.` or `head.`.
    private func theirs(_ name: String, _ kind: String) -> String {
        let prefix = ["distilbert": "distilbert.", "modernbert": "model.", "electra": "electra."][kind] ?? "roberta."
        for (ours, theirs) in [
            ("base/", prefix), ("heads/h/dense", "classifier.dense"),
            ("heads/h/out", "classifier.out_proj"),
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
            let name = "head." + theirs(spec.name, kind).dropFirst("classifier.".count)
            arrangement.trainable.append(ParameterSpec(spec.name, spec.shape, .values(try golden.floats(name))))
        }
        let network = try Network(arrangement, seed: 0)
        return (network, try network.plan(head: 0, trains: true, baseDropout: false, headDropout: 0))
    }

    @Test(arguments: kinds) func hiddenStatesOfEveryLayer(_ kind: String) throws {
        let (model, golden) = (try model(kind), try golden(kind))
        #expect(model.configuration.longestSequence == (kind == "modernbert" ? 160 : 24))
        let (plan, hidden) = try Network(Arrangement(model: model), seed: 0).hiddenStates()
        let results = plan.run(try batch(golden), workspace: workspace)
        #expect(hidden.count == model.configuration.layers + 1)
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
                parameter.gradientArray, try golden.floats("grad.\(theirs(parameter.name, kind))"))
            // a gradient that is zero in theory: only rounding is left of it
            if difference.scale < 1e-9 {
                #expect(difference.largest < 1e-6, "\(parameter.name): \(difference)")
            } else {
                #expect(difference.relative < 1e-3, "\(parameter.name): \(difference)")
            }
        }
    }

    /// The whole folder: our tokenizer gives the ids of the batch.
    @Test(arguments: ["roberta-bpe", "modernbert"]) func theTokenizerMakesTheBatch(_ kind: String) throws {
        let (model, golden) = (try model(kind), try golden(kind))
        let tokenizer = try model.tokenizer()
        #expect(tokenizer.vocabularySize == model.configuration.vocabulary && tokenizer.name == "BPE")
        let json = try JSONReader.read(
            [UInt8](Data(contentsOf: Self.folder.appendingPathComponent("\(kind).json"))))
        guard case .object(let fields) = json, case .array(let texts)? = fields.first?.value else {
            Issue.record("\(kind).json")
            return
        }
        let expected = try batch(golden)
        var ids: [Int32] = []
        for case .array(let text) in texts {
            guard case .string(let first) = text[0] else { continue }
            var pair: String?
            if case .string(let second) = text[1] { pair = second }
            ids += tokenizer.encode(first, pair: pair, maxLength: model.configuration.longestSequence).ids
        }
        #expect(ids == expected.ids)
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
        let losses = try golden.floats("step_losses")
        for (step, (made, expected)) in zip(ours, losses).enumerated() {
            #expect(abs(made - expected) < 1e-4 * abs(expected), "step \(step): \(made), expected \(expected)")
        }
    }
}
