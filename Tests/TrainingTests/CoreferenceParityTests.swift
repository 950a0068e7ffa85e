import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Bundles
@testable import Training

/// The coreference head against its equations in PyTorch, in float64 (Tests/Golden/coreference_golden.py).
@Suite struct CoreferenceParityTests {
    private static let file = Golden.folder.deletingLastPathComponent()
        .appendingPathComponent("heads/coreference.safetensors")

    private let golden: SafetensorsFile
    private let workspace = Workspace(threads: 2)

    init() throws { golden = try SafetensorsFile(Self.file) }

    /// The document of each word, and its place there.
    private func places() throws -> [(document: Int, place: Int)] {
        let (words, documents) = (try golden.int64s("words"), try golden.int64s("documents"))
        let longest = words.count / documents.count
        var (counts, places): ([Int: Int], [(document: Int, place: Int)]) = ([:], [])
        for (row, document) in documents.enumerated() {
            for position in 0..<longest where words[row * longest + position] == 1 {
                places.append((Int(document), counts[Int(document), default: 0]))
                counts[Int(document), default: 0] += 1
            }
        }
        return places
    }

    /// Texts without their padding, neighboring ones of a document as a group.
    private func batch() throws -> PackedBatch {
        let sequences = try Golden.sequences(golden)
        let (words, documents) = (try golden.int64s("words"), try golden.int64s("documents"))
        let (sentences, forms) = (try golden.int64s("sentences"), try golden.int64s("forms"))
        let (known, mentions) = (try golden.int64s("known"), try golden.int64s("mentions"))
        let longest = words.count / sequences.count
        let places = try places()
        var (marks, targets): ([Int32], [MentionWord]) = ([], [])
        var token: Int32 = 0
        for (row, sequence) in sequences.enumerated() {
            var word = 0
            for position in sequence.ids.indices {
                if words[row * longest + position] == 1 {
                    let (document, place) = places[targets.count]
                    let own = stride(from: 0, to: mentions.count, by: 4).filter {
                        Int(mentions[$0]) == document && Int(mentions[$0 + 1]) == place
                    }
                    marks.append(token)
                    targets.append(
                        MentionWord(
                            isFirst: place == 0, hasClusters: known[document] == 1,
                            sentence: Int32(sentences[row * longest + word]), form: Int32(forms[row * longest + word]),
                            mentions: own.map {
                                .init(
                                    length: Int32(mentions[$0 + 2] - mentions[$0 + 1]), cluster: Int32(mentions[$0 + 3])
                                )
                            }))
                    word += 1
                }
                token += 1
            }
        }
        let groups = Set(documents).sorted().map { document in documents.count { $0 == document } }
        return PackedBatch(
            sequences, targets: [0: HeadTargets(.mentions(targets), marks: marks)], groups: groups)
    }

    /// All weights and the fixture's head, to be trained.
    private func network(trains: Bool = true) throws -> (Network, HeadPlan) {
        let model = try Golden.model()
        let named = NamedHead("h", CoreferenceHead(mentionWidth: 11, antecedentWidth: 7, longest: 4))
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

    /// float32 against float64: 1e-5 of the largest on the words' losses and on their mean, 1e-3 of the largest on gradients.
    @Test func lossesAndGradients() throws {
        let (network, plan) = try network()
        let results = plan.plan.run(try batch(), workspace: workspace)
        let losses = Difference(results.values(plan.rowLosses), try golden.floats("losses"))
        #expect(losses.relative < 1e-5, "\(losses)")
        let loss = (try golden.floats("loss"))[0]
        #expect(abs(results.values(plan.loss).reduce(0, +) - loss) < 1e-5 * loss)
        var seen = 0
        for parameter in network.parameters.parameters where golden.tensors["grad.\(parameter.name)"] != nil {
            let difference = Difference(parameter.gradientArray, try golden.floats("grad.\(parameter.name)"))
            #expect(difference.relative < 1e-3, "\(parameter.name): \(difference)")
            seen += 1
        }
        #expect(seen == golden.names.count { $0.hasPrefix("grad.") })
    }

    /// The same mentions in the same clusters.
    @Test func clusters() throws {
        let (_, plan) = try network(trains: false)
        let y = Array(plan.plan.run(try batch(), workspace: workspace).values(plan.output))
        var found: [[Int]] = []
        for (row, (document, place)) in try places().enumerated() {
            for slot in 0..<BestClusters.slots {
                let length = Int(y[row * BestClusters.width + 2 * slot])
                guard length > 0 else { continue }
                found.append([
                    document, place, place + length - 1, Int(y[row * BestClusters.width + 2 * slot + 1]),
                ])
            }
        }
        let all = try golden.int64s("clusters").map { Int($0) }
        let expected = stride(from: 0, to: all.count, by: 4).map { Array(all[$0..<$0 + 4]) }
        #expect(found.sorted { $0.lexicographicallyPrecedes($1) } == expected)
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

    /// A stored head comes back as it is; what is out of range is refused by name.
    @Test func fields() throws {
        let head = CoreferenceHead(
            mentionWidth: 12, antecedentWidth: 3, longest: 9, kept: 55, hasSingletons: true, textPrefix: "query: ")
        let back = try CoreferenceHead(fields: HeadFields(head.fields), labels: [])
        #expect(back.equals(head) && back.output == .clusters && back.input == .marked && back.labels.isEmpty)
        for (field, value) in [
            ("longest_mention", .number(0)), ("mentions_per_100_words", .number(1.5)), ("mention_width", .number(5000)),
            ("antecedent_width", .string("3")), ("singletons", .number(1)),
        ] as [(String, ConfigurationValue)] {
            var fields = head.fields
            fields[field] = value
            let error = #expect(throws: HeadFault.self) {
                try CoreferenceHead(fields: HeadFields(fields), labels: [])
            }
            #expect(error?.field == field)
        }
    }
}
