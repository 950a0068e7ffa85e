import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Bundles
@testable import Training

/// Tagging, regression, multi-label classification and multiple choice against `transformers` in float64 with exchanged weights (Tests/Golden/heads_golden.py).
@Suite struct HeadParityTests {
    private static let folder = Golden.folder.deletingLastPathComponent().appendingPathComponent("heads")
    static let kinds = ["tagging", "regression", "multi_label", "multiple_choice"]

    private let workspace = Workspace(threads: 2)

    private func golden(_ kind: String) throws -> SafetensorsFile {
        try SafetensorsFile(Self.folder.appendingPathComponent("\(kind).safetensors"))
    }

    /// Texts without their padding, targets included.
    private func batch(_ kind: String, _ golden: SafetensorsFile) throws -> PackedBatch {
        let sequences = try Golden.sequences(golden, hasTypes: kind == "multiple_choice")
        if kind == "regression" || kind == "multi_label" {
            let width = kind == "regression" ? 2 : 4
            return PackedBatch(
                sequences, targets: [0: HeadTargets(.numbers(try golden.floats("targets"), width: width))])
        }
        if kind == "multiple_choice" {
            let right = try golden.int64s("targets")
            let sizes = right.map { _ in sequences.count / right.count }
            var targets = HeadTargets(
                .classes(right.flatMap { place in (0..<sizes[0]).map { $0 == Int(place) ? 0 : -1 } }))
            targets.groups = sizes
            return PackedBatch(sequences, targets: [0: targets], groups: sizes)
        }
        // Every token is marked; those that transformers ignores (-100) have no target
        let targets = try golden.int64s("targets")
        let classes = try Golden.places(golden).joined().map { Int32(max(-1, targets[$0])) }
        return PackedBatch(
            sequences, targets: [0: HeadTargets(.classes(classes), marks: classes.indices.map { Int32($0) })])
    }

    /// All weights and the fixture's head, to be trained.
    private func network(_ kind: String, _ golden: SafetensorsFile) throws -> (Network, HeadPlan) {
        let model = try Golden.model()
        let head: any Head =
            switch kind {
            case "tagging": TaggingHead(labels: (0..<5).map { "\($0)" })
            case "multi_label": MultiLabelHead(labels: (0..<4).map { "\($0)" }, pooling: .first)
            case "multiple_choice": MultipleChoiceHead(pooling: .first)
            default: RegressionHead(numbers: [.identity, .identity], pooling: .first)
            }
        let named = NamedHead("h", head)
        var arrangement = Arrangement(model: model)
        arrangement.heads = [named]
        arrangement.trainable = model.architecture.tensors.compactMap { tensor in
            model.weight(tensor.name).map { ParameterSpec("base/\(tensor.name)", tensor.shape, .copy($0)) }
        }
        for spec in head.specs(hidden: model.configuration.hidden, scope: named.scope) {
            let values = try golden.floats("head." + spec.name.dropFirst(named.scope.count + 1))
            arrangement.trainable.append(ParameterSpec(spec.name, spec.shape, .values(values)))
        }
        let network = try Network(arrangement, seed: 0)
        return (network, try network.plan(head: 0, trains: true, baseDropout: false, headDropout: 0))
    }

    /// float32 against float64: 1e-4 on logits, 1e-5 on the loss, 1e-3 of the largest on gradients.
    @Test(arguments: kinds) func logitsLossAndGradients(_ kind: String) throws {
        let golden = try golden(kind)
        let (network, plan) = try network(kind, golden)
        let results = plan.plan.run(try batch(kind, golden), workspace: workspace)
        var expected = try golden.floats("logits")
        if kind == "tagging" {
            expected = try Golden.places(golden).joined().flatMap { expected[$0 * 5..<($0 + 1) * 5] }
        }
        let logits = Difference(results.values(plan.output), expected)
        #expect(logits.largest < 1e-4, "\(logits)")
        #expect(abs(results.values(plan.loss).reduce(0, +) - (try golden.floats("loss"))[0]) < 1e-5)
        var seen = 0
        for parameter in network.parameters.parameters where golden.tensors["grad.\(parameter.name)"] != nil {
            let difference = Difference(parameter.gradientArray, try golden.floats("grad.\(parameter.name)"))
            #expect(difference.relative < 1e-3, "\(parameter.name): \(difference)")
            seen += 1
        }
        #expect(seen == golden.names.count { $0.hasPrefix("grad.") })
    }

    @Test(arguments: kinds) func twentySteps(_ kind: String) throws {
        let golden = try golden(kind)
        let (network, plan) = try network(kind, golden)
        var settings = AdamW.Settings()
        settings.decaysAll = true
        let optimizer = AdamW(network.parameters, settings: settings, pool: workspace.pool)
        let batch = try batch(kind, golden)
        for (step, expected) in try golden.floats("step_losses").enumerated() {
            let loss = Float(plan.step(batch, workspace: workspace, stepKey: nil))
            optimizer.step(plan.plan.parameters, rate: 1e-3, clip: 0)
            #expect(abs(loss - expected) < 1e-4 * abs(expected), "step \(step): \(loss), expected \(expected)")
        }
    }
}
