import Adapters
import Files
import Foundation
import Models
import Numerics
import Tasks
import Testing

@testable import Bundles
@testable import Training

/// Adapters in float32 on a base in few bits.
@Suite struct QuantizedTrainingTests {
    private static let decoders = GeneratorTests.folder

    private static let rows = (0..<24).map { i in
        let words = ["the cat", "the mat", "one two", "naïve café"]
        return AnsweredPrompts.Row(
            prompt: "\(words[i % 4]) \(i / 4)", answer: [" sat", " on it", " three", " 12"][i % 4])
    }

    private func trained(_ kind: String, threads: Int, storage: WeightStorage) throws -> Session.Trained {
        let session = try Session(
            folder: Self.decoders.appendingPathComponent(kind), threads: threads, cache: nil, storage: storage)
        var settings = TrainingSettings()
        settings.epochs = 3
        settings.learningRate = 2e-2
        settings.batch = .examples(8)
        settings.maxLength = 64
        return try session.trainAnswers(
            AdapterConfiguration.resolve("lora", overrides: ["targets=all", "rank=4"]),
            on: AnsweredPrompts(source: "rows", train: Self.rows, heldOut: Array(Self.rows.prefix(8))), name: "answers",
            settings: settings)
    }

    /// LoRA on all seven projections of a base in NF4 learns; its bytes do not depend on threads, and the bundle says what the base
    /// was and stands on the model itself.
    @Test func learnsOnNF4() throws {
        let first = try trained("qwen3", threads: 1, storage: .nf4)
        let scores = try #require(first.answers)
        #expect((scores.after ?? .infinity) < 0.7 * (scores.before ?? 0), "\(scores)")
        #expect(first.bundle.provenance.settings.contains("\"base_weights\":\"NF4\""))
        for threads in [2, 4] {
            #expect(try trained("qwen3", threads: threads, storage: .nf4).bundle == first.bundle)
        }
        let floats = try trained("qwen3", threads: 2, storage: .stored)
        #expect(floats.bundle.tensors != first.bundle.tensors)
        #expect(floats.bundle.base == first.bundle.base)
        #expect(!floats.bundle.provenance.settings.contains("base_weights"))
    }

    /// The losses and gradients on a file's blocks are those on what they unpack to, bit for bit, with any number of threads; of
    /// methods, too, that read the weights themselves.
    @Test(
        .enabled(if: !Products.usesLibrary, "the library sums in another order"),
        arguments: ["llama", "llama-untied", "qwen2"],
        [("lora", ["targets=all", "rank=2"]), ("dora", ["rank=2"]), ("seq_bn", ["reduction_factor=2"])])
    func gradientsOnBlocks(_ kind: String, _ method: (name: String, overrides: [String])) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("blocks-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.copyItem(
            at: Self.decoders.deletingLastPathComponent().appendingPathComponent("gguf_models/\(kind).gguf"),
            to: folder.appendingPathComponent("m.gguf"))
        func gradients(_ storage: WeightStorage, threads: Int) throws -> (losses: [Float], gradients: [Float]) {
            let model = try EncoderModel(folder: folder, storage: storage)
            let weight = try #require(model.weight(model.architecture.outputTable ?? ""))
            let objective = AnswerModelling(name: "a", table: MaskedCrossEntropy.TokenTable(all: weight))
            var arrangement = Arrangement(model: model)
            let member = Member(
                name: "a", configuration: try AdapterConfiguration.resolve(method.name, overrides: method.overrides))
            arrangement.members = [member]
            arrangement.composition = .leaf("a")
            try arrangement.train(member)
            arrangement.trainable = arrangement.trainable.map { spec in
                var spec = spec
                if case .zeros = spec.initializer { spec.initializer = .normal(0.1) }
                return spec
            }
            let network = try Network(arrangement, seed: 3)
            let plan = try objective.plan(network, settings: TrainingSettings(), splits: false)
            let vocabulary = model.configuration.vocabulary
            let examples = EncodedExamples(
                answers: (0..<6).map { row in
                    (ids: (0..<12).map { Int32((row * 5 + $0 * 3) % vocabulary) }, learned: 4..<12)
                }, truncated: 0)
            let batch = PackedBatch([
                objective.part(Array(0..<6), of: examples, task: 0, longest: .max, stepKey: 0)
            ])
            let workspace = Workspace(threads: threads)
            let results = plan.plan.run(batch, workspace: workspace)
            let losses = Array(results.values(plan.losses[0]))
            return (losses, (0..<network.parameters.count).map { network.parameters.gradients[$0] })
        }
        let expected = try gradients(.float32, threads: 1)
        #expect(expected.gradients.contains { $0 != 0 } && expected.losses.allSatisfy(\.isFinite))
        for threads in [1, 2, 4] {
            let own = try gradients(.stored, threads: threads)
            #expect(own.losses == expected.losses && own.gradients == expected.gradients, "\(threads) threads")
        }
    }
}
