import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Bundles
@testable import Training

/// Masked language modeling against `transformers` in float64 with exchanged weights (Tests/Golden/masked_golden.py).
@Suite struct MaskedTokenParityTests {
    private let workspace = Workspace(threads: 2)

    private func golden() throws -> SafetensorsFile {
        let folder = Golden.folder.deletingLastPathComponent().appendingPathComponent("masked")
        return try SafetensorsFile(folder.appendingPathComponent("head.safetensors"))
    }

    /// Texts without their padding; a label where a token is to be predicted.
    private func batch(_ golden: SafetensorsFile) throws -> PackedBatch {
        let labels = try golden.int64s("labels")
        let own = try Golden.places(golden).joined().map { labels[$0] }
        let marks = own.indices.filter { own[$0] >= 0 }
        return PackedBatch(
            try Golden.sequences(golden),
            targets: [
                0: HeadTargets(.classes(marks.map { Int32(own[$0]) }), marks: marks.map { Int32($0) })
            ])
    }

    private func head(_ model: EncoderModel) -> NamedHead {
        let vocabulary = model.configuration.vocabulary
        let request = TokenRequest(
            TokenSettings(vocabulary: vocabulary, mask: "[MASK]", maskID: 4),
            MaskedLanguageHead.Layers(model.configuration), logFrequencies: [Float](repeating: 0, count: vocabulary))
        return NamedHead("h", MaskedTokenHead(HeadRequest(pooling: .first, tokens: request)))
    }

    private func network(_ golden: SafetensorsFile, trainsWords: Bool = false) throws -> Network {
        let model = try Golden.model()
        let named = head(model)
        var arrangement = Arrangement(model: model)
        arrangement.heads = [named]
        let words = model.architecture.wordTable
        arrangement.trainable = model.architecture.tensors.filter { trainsWords || $0.name != words }.compactMap {
            tensor in
            model.weight(tensor.name).map { ParameterSpec("base/\(tensor.name)", tensor.shape, .copy($0)) }
        }
        for spec in named.head.specs(hidden: model.configuration.hidden, scope: named.scope) {
            let values = try golden.floats("head." + spec.name.dropFirst(named.scope.count + 1))
            arrangement.trainable.append(ParameterSpec(spec.name, spec.shape, .values(values)))
        }
        return try Network(arrangement, seed: 0)
    }

    private func plan(_ network: Network) throws -> HeadPlan {
        try network.plan(head: 0, trains: true, baseDropout: false, headDropout: 0)
    }

    /// float32 against float64: the same tokens in the same order, 1e-5 on their probabilities and on the loss, 1e-3 of the
    /// largest on gradients.
    @Test func tokensLossAndGradients() throws {
        let golden = try golden()
        let network = try network(golden)
        let plan = try plan(network)
        let results = plan.plan.run(try batch(golden), workspace: workspace)
        let output = Array(results.values(plan.output))
        let ids = try golden.int64s("top_ids")
        let probabilities = try golden.floats("top_probabilities")
        #expect(output.count == 2 * ids.count && output.count == 16 * 2 * TokenSettings.predicted)
        #expect(ids.indices.allSatisfy { output[2 * $0] == Float(ids[$0]) })
        #expect(ids.indices.allSatisfy { abs(output[2 * $0 + 1] - probabilities[$0]) < 1e-5 })
        #expect(abs(results.values(plan.loss).reduce(0, +) - (try golden.floats("loss"))[0]) < 1e-5)
        var seen = 0
        for parameter in network.parameters.parameters where golden.tensors["grad.\(parameter.name)"] != nil {
            let difference = Difference(parameter.gradientArray, try golden.floats("grad.\(parameter.name)"))
            #expect(difference.relative < 1e-3, "\(parameter.name): \(difference)")
            seen += 1
        }
        #expect(seen == 8 && seen == golden.names.count { $0.hasPrefix("grad.") })
    }

    /// The word embeddings stay as they are; all else is trained. 1e-4 of the loss.
    @Test func twentySteps() throws {
        let golden = try golden()
        let network = try network(golden)
        let plan = try plan(network)
        var settings = AdamW.Settings()
        settings.decaysAll = true
        let optimizer = AdamW(network.parameters, settings: settings, pool: workspace.pool)
        let batch = try batch(golden)
        for (step, expected) in try golden.floats("step_losses").enumerated() {
            let loss = Float(plan.step(batch, workspace: workspace, stepKey: nil))
            optimizer.step(plan.plan.parameters, rate: 1e-3, clip: 0)
            #expect(abs(loss - expected) < 1e-4 * abs(expected), "step \(step): \(loss), expected \(expected)")
        }
    }

    /// The product with the embeddings reads them as they were.
    @Test func trainedWordsAreRefused() throws {
        let network = try network(try golden(), trainsWords: true)
        let error = #expect(throws: TrainingError.self) { _ = try plan(network) }
        #expect("\(error.map { "\($0)" } ?? "")".contains("keeps the word embeddings"))
    }

    @Test func storedFieldsAreChecked() throws {
        let head = head(try Golden.model()).head
        let again = try MaskedTokenHead(fields: HeadFields(head.fields), labels: [])
        #expect(head.equals(again))
        for (field, value) in [
            ("vocabulary", ConfigurationValue.number(1)), ("mask_id", .number(1e6)), ("mask", .number(1)),
            ("activation", .string("sine")), ("epsilon", .number(0)),
        ] {
            var fields = head.fields
            fields[field] = value
            let fault = #expect(throws: HeadFault.self) { try MaskedTokenHead(fields: HeadFields(fields), labels: []) }
            #expect(fault?.field == field)
        }
        #expect(throws: HeadFault.self) { try MaskedTokenHead(fields: HeadFields(head.fields), labels: ["a"]) }
    }
}
