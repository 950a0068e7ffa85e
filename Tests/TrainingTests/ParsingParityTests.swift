import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Bundles
@testable import Training

/// The biaffine parser against its equations in PyTorch, in float64 (Tests/Golden/parsing_golden.py).
@Suite struct ParsingParityTests {
    private static let file = Golden.folder.deletingLastPathComponent()
        .appendingPathComponent("heads/parsing.safetensors")

    private let golden: SafetensorsFile
    private let workspace = Workspace(threads: 2)

    init() throws { golden = try SafetensorsFile(Self.file) }

    /// Texts without their padding; words, heads and labels as the fixture has them.
    private func batch() throws -> PackedBatch {
        let sequences = try Golden.sequences(golden)
        let (words, heads, labels) = (
            try golden.int64s("words"), try golden.int64s("heads"), try golden.int64s("labels")
        )
        let longest = words.count / sequences.count
        var (marks, targets): ([Int32], [Int32]) = ([], [])
        var token: Int32 = 0
        for (row, sequence) in sequences.enumerated() {
            var word = 0
            for position in sequence.ids.indices {
                if words[row * longest + position] == 1 {
                    marks.append(token)
                    targets += [Int32(heads[row * longest + word]), Int32(labels[row * longest + word])]
                    word += 1
                }
                token += 1
            }
        }
        return PackedBatch(sequences, targets: [0: HeadTargets(.indices(targets, width: 2), marks: marks)])
    }

    /// All weights and the fixture's head, to be trained.
    private func network(trains: Bool = true) throws -> (Network, HeadPlan) {
        let model = try Golden.model()
        let named = NamedHead("h", ParsingHead(labels: (0..<5).map { "\($0)" }, arcWidth: 11, labelWidth: 7))
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
        return (network, try network.plan(head: 0, trains: trains, baseDropout: false, headDropout: 0))
    }

    /// float32 against float64: 1e-4 on the words' losses, 1e-5 on their mean, 1e-3 of the largest on gradients.
    @Test func lossesAndGradients() throws {
        let (network, plan) = try network()
        let batch = try batch()
        let results = plan.plan.run(batch, workspace: workspace)
        let sums = zip(try golden.floats("arc_losses"), try golden.floats("label_losses")).map { $0 + $1 }
        let losses = Difference(results.values(plan.rowLosses), sums)
        #expect(losses.largest < 1e-4, "\(losses)")
        #expect(abs(results.values(plan.loss).reduce(0, +) - (try golden.floats("loss"))[0]) < 1e-5)
        var seen = 0
        for parameter in network.parameters.parameters where golden.tensors["grad.\(parameter.name)"] != nil {
            let difference = Difference(parameter.gradientArray, try golden.floats("grad.\(parameter.name)"))
            #expect(difference.relative < 1e-3, "\(parameter.name): \(difference)")
            seen += 1
        }
        #expect(seen == golden.names.count { $0.hasPrefix("grad.") })
    }

    /// The trees and labels of networkx on the same scores.
    @Test func trees() throws {
        let (_, plan) = try network(trains: false)
        let results = plan.plan.run(try batch(), workspace: workspace)
        let found = results.values(plan.output)
        let expected = try golden.int64s("trees")
        #expect(found.count / 3 == expected.count / 2)
        for word in 0..<expected.count / 2 {
            #expect(Int(found[word * 3]) == expected[word * 2], "head of word \(word)")
            #expect(Int(found[word * 3 + 1]) == expected[word * 2 + 1], "label of word \(word)")
        }
    }

    @Test func twentySteps() throws {
        let (network, plan) = try network()
        var settings = AdamW.Settings()
        settings.decaysAll = true
        let optimizer = AdamW(network.parameters, settings: settings, pool: workspace.pool)
        let batch = try batch()
        for (step, expected) in try golden.floats("step_losses").enumerated() {
            let loss = Float(plan.step(batch, workspace: workspace, stepKey: nil))
            optimizer.step(plan.plan.parameters, rate: 1e-3, clip: 0)
            #expect(abs(loss - expected) < 1e-4 * abs(expected), "step \(step): \(loss), expected \(expected)")
        }
    }

    /// A stored head comes back as it is; other widths than positive integers are refused by name.
    @Test func fields() throws {
        let head = ParsingHead(labels: ["a", "b"], arcWidth: 12, labelWidth: 3, textPrefix: "query: ")
        let back = try ParsingHead(fields: HeadFields(head.fields), labels: head.labels)
        #expect(back.equals(head) && back.output == .arcs(["a", "b"]))
        for value in [ConfigurationValue.number(0), .number(1.5), .number(5000), .string("3")] {
            var fields = head.fields
            fields["label_width"] = value
            let error = #expect(throws: HeadFault.self) {
                try ParsingHead(fields: HeadFields(fields), labels: head.labels)
            }
            #expect(error?.field == "label_width" && error?.expected == "an integer from 1 to 4096")
        }
    }
}
