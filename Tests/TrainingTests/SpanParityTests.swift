import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Bundles
@testable import Training

/// Question answering against `transformers` in float64 with exchanged weights (Tests/Golden/span_golden.py).
@Suite struct SpanParityTests {
    private static let folder = Golden.folder.deletingLastPathComponent().appendingPathComponent("spans")

    private let workspace = Workspace(threads: 2)

    private func golden() throws -> SafetensorsFile {
        try SafetensorsFile(Self.folder.appendingPathComponent("head.safetensors"))
    }

    /// Windows without their padding, targets included.
    private func batch(_ golden: SafetensorsFile) throws -> PackedBatch {
        let sequences = try Golden.sequences(golden)
        let (starts, ends) = (try golden.int64s("starts"), try golden.int64s("ends"))
        let roles = sequences.enumerated().flatMap { i, sequence in
            sequence.ids.indices.map { token in
                var role: HeadTargets.SpanToken = token == 0 ? .first : []
                if token == Int(starts[i]) { role.insert(.start) }
                if token == Int(ends[i]) { role.insert(.end) }
                return role
            }
        }
        return PackedBatch(
            sequences, targets: [0: HeadTargets(.spans(roles), marks: (0..<Int32(roles.count)).map { $0 })])
    }

    private func network(_ golden: SafetensorsFile) throws -> (Network, HeadPlan) {
        let model = try Golden.model()
        let named = NamedHead("h", SpanHead(settings: SpanSettings(hasUnanswerable: true)))
        var arrangement = Arrangement(model: model)
        arrangement.heads = [named]
        arrangement.trainable = model.architecture.tensors.compactMap { tensor in
            model.weight(tensor.name).map { ParameterSpec("base/\(tensor.name)", tensor.shape, .copy($0)) }
        }
        for spec in named.head.specs(hidden: model.configuration.hidden, scope: named.scope) {
            let values = try golden.floats("head." + spec.name.dropFirst(named.scope.count + 1))
            arrangement.trainable.append(ParameterSpec(spec.name, spec.shape, .values(values)))
        }
        let network = try Network(arrangement, seed: 0)
        return (network, try network.plan(head: 0, trains: true, baseDropout: false, headDropout: 0))
    }

    /// float32 against float64: 1e-5 of the largest on logits, 1e-5 on the loss, 1e-3 of the largest on gradients.
    @Test func logitsLossAndGradients() throws {
        let golden = try golden()
        let (network, plan) = try network(golden)
        let results = plan.plan.run(try batch(golden), workspace: workspace)
        let all = try golden.floats("logits")
        let logits = Difference(
            results.values(plan.output), try Golden.places(golden).joined().flatMap { all[$0 * 2..<($0 + 1) * 2] })
        #expect(logits.relative < 1e-5, "\(logits)")
        #expect(abs(results.values(plan.loss).reduce(0, +) - (try golden.floats("loss"))[0]) < 1e-5)
        var seen = 0
        for parameter in network.parameters.parameters where golden.tensors["grad.\(parameter.name)"] != nil {
            let difference = Difference(parameter.gradientArray, try golden.floats("grad.\(parameter.name)"))
            // A bias that is added to all tokens of a window has no gradient
            let isEqual = difference.scale < 1e-9 ? difference.largest < 1e-7 : difference.relative < 1e-3
            #expect(isEqual, "\(parameter.name): \(difference)")
            seen += 1
        }
        #expect(seen == golden.names.count { $0.hasPrefix("grad.") } && seen == 5)
    }

    @Test func twentySteps() throws {
        let golden = try golden()
        let (network, plan) = try network(golden)
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

    private struct Decoding: Decodable {
        struct Probabilities: Decodable {
            var candidates: [Double]
            var none: Double?
        }
        struct Case: Decodable {
            var places: [[[Int32]?]]
            var starts: [[Float]]
            var ends: [[Float]]
            var count: Int
            var longest: Int
            var candidates: [[Double]]
            var none: Double
            var with_none: Probabilities
            var without_none: Probabilities
        }
        var cases: [Case]
    }

    /// Spans exactly; sums of two float32 in float64 exactly; probabilities to 1e-12.
    @Test func decodingEqualsTheScript() throws {
        let url = Self.folder.appendingPathComponent("decoding.json")
        for (number, one) in try JSONDecoder().decode(Decoding.self, from: Data(contentsOf: url)).cases.enumerated() {
            let logits = zip(one.starts, one.ends).flatMap { zip($0, $1).flatMap { [$0, $1] } }
            let places = one.places.joined().map { $0.map { $0[0]..<$0[1] } ?? -1 ..< -1 }
            let firsts = one.places.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
            let decoder = SpanDecoder(count: one.count, longest: one.longest)
            let answers = decoder.answers(
                logits[...], windows: zip(firsts, firsts.dropFirst()).map { $0..<$1 }, places: places[...])
            #expect(
                answers.candidates.map { [Double($0.range.lowerBound), Double($0.range.upperBound), $0.score] }
                    == one.candidates, "case \(number)")
            #expect(answers.none == one.none)
            for (hasNone, expected) in [(true, one.with_none), (false, one.without_none)] {
                let made = decoder.probabilities(answers, hasNone: hasNone)
                #expect(made.candidates.count == expected.candidates.count && (made.none == nil) == !hasNone)
                for (a, b) in zip(made.candidates, expected.candidates) { #expect(abs(a - b) < 1e-12) }
                #expect(abs((made.none ?? 0) - (expected.none ?? 0)) < 1e-12)
            }
        }
    }
}
