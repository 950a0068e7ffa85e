import Amalgam
import Foundation
import Testing

/// Masked language modeling from programs.
@Suite struct MaskedTokenTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    /// Two sentences that differ in every word.
    private static let sentences = ["a b c d e f", "u v w x y z"]
    private static func texts(_ count: Int) -> [String] { (0..<count).map { sentences[$0 % 2] } }

    private static func task() throws -> TextTask {
        try .maskedLanguage(name: "letters", train: texts(96), dev: texts(10), test: texts(10))
    }

    private static var options: TrainingOptions {
        var options = Fixture.options
        options.epochs = 12
        options.learningRate = 1e-2
        options.batch = .examples(8)
        return options
    }

    @Test func trainedPredictedAndScored() async throws {
        let model = try fixture.model()
        let task = try Self.task()
        #expect(task.kind == .maskedLanguage)
        #expect(try task.summary().metric == "perplexity")
        let result = try await model.train(.adapter(.bottleneck), on: task, options: Self.options).result
        let head = try #require(result.bundle.heads.first)
        #expect(head.kind == "masked_language" && head.output == .tokens && head.pooling == nil && head.labels.isEmpty)
        #expect(head.taskKind == .maskedLanguage)

        let predictor = try Predictor(model, result.bundle)
        let found = try await predictor.maskedTokens(
            of: ["a b [MASK] d e [MASK]", "u [MASK] w x y z", "a b c", "", "[MASK]"])
        #expect(found.map(\.count) == [2, 1, 0, 0, 1])
        #expect(found[0].map { $0[0].token } == ["c", "f"] && found[1][0][0].token == "v", "\(found)")
        for mask in found.joined() {
            #expect(mask.count == 20 && Set(mask.map(\.token)).count == 20)
            #expect(zip(mask, mask.dropFirst()).allSatisfy { $0.probability >= $1.probability })
            #expect(mask.reduce(0) { $0 + $1.probability } <= 1 + 1e-5)
        }
        let scores = try await predictor.evaluate(on: task)
        #expect(scores.metric == "perplexity" && scores.score.value > 1 && scores.score.value < 3, "\(scores.scores)")
        #expect(try #require(scores["masked_accuracy"]).value > 0.6, "\(scores.scores)")
        let error = await AmalgamError.thrown { _ = try await predictor.classes(of: ["a"]) }
        #expect(error?.kind == .head && error?.description.contains("predicts tokens, not classes") == true)
    }

    /// The same texts in a file, and any number of threads, give the same bytes.
    @Test func filesMemoryAndThreadsAgree() async throws {
        func lines(_ texts: [String]) -> [String] { texts.map { "{\"text\": \"\($0)\"}" } }
        try fixture.write("letters/train.jsonl", lines(Self.texts(96)))
        try fixture.write("letters/dev.jsonl", lines(Self.texts(10)))
        try fixture.write(
            "letters.yaml", ["name: letters", "kind: masked-language-modeling", "data: letters"])
        let stored = try TextTask(contentsOf: fixture.url("letters.yaml"))
        let memory = try TextTask.maskedLanguage(name: "letters", train: Self.texts(96), dev: Self.texts(10))
        var options = Self.options
        options.epochs = 2
        var bundles: [Data] = []
        for (task, threads) in [(stored, 1), (memory, 1), (memory, 3)] {
            let model = try fixture.model(threads: threads)
            let result = try await model.train(.adapter(.bottleneck), on: task, options: options).result
            bundles.append(try result.bundle.data())
        }
        #expect(bundles[0] == bundles[1] && bundles[1] == bundles[2])
    }

    /// Alone, texts are as well data that lacks its labels.
    @Test func theKindMustBeSaid() async throws {
        try fixture.write("unlabeled/train.jsonl", ["{\"text\": \"a\"}"])
        let error = await AmalgamError.thrown { _ = try TextTask(contentsOf: fixture.url("unlabeled")).summary() }
        #expect(
            error?.description.contains("text (with kind: masked-language-modeling in a task YAML)") == true,
            "\(String(describing: error))")
    }

    /// Trained beside a task with labels, within the same batches.
    @Test func besideAnotherTask() async throws {
        let model = try fixture.model()
        var options = Self.options
        options.mix = .within
        options.epochs = 2
        let result = try await model.train(
            .adapter(.bottleneck), on: [try Fixture.task(), try Self.task()], options: options
        ).result
        #expect(result.bundle.heads.map(\.kind).sorted() == ["classification", "masked_language"])
    }

    /// All weights cannot be trained: the product with the word embeddings reads them as they were.
    @Test func fullFineTuningIsRefused() async throws {
        let model = try fixture.model()
        let error = await AmalgamError.thrown {
            _ = try await model.train(.allWeights, on: try Self.task(), options: Self.options).result
        }
        #expect(error?.description.contains("keeps the word embeddings") == true, "\(String(describing: error))")
    }
}
