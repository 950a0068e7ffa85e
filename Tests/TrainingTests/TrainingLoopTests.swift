import Adapters
import Bundles
import Files
import Foundation
import Models
import Numerics
import Tasks
import Testing
import Text

@testable import Training

/// One id a word, for a model without a vocabulary.
struct WordTokenizer: Tokenizer {
    let vocabularySize = 150
    let name = "words"
    let identity = "words"
    func id(of piece: String) -> Int32? { nil }
    func token(_ id: Int32) -> String? { nil }
    func encode(_ text: String, pair: String?, maxLength: Int) -> Encoding {
        let words = text.split(separator: " ").prefix(max(0, maxLength - 1))
        let ids = [Int32(1)] + words.map { 2 + Int32($0.utf8.reduce(7) { ($0 &* 31 &+ Int($1)) % 148 }) }
        return Encoding(
            ids: ids, typeIDs: ids.map { _ in 0 }, offsets: ids.map { _ in 0..<0 }, sequence: ids.map { _ in 0 })
    }
    func encode(words: [String], prefix: String, maxLength: Int) -> WordEncoding {
        let encoding = encode(words.joined(separator: " "), pair: nil, maxLength: maxLength)
        return WordEncoding(encoding: encoding, wordOf: encoding.ids.indices.map { Int32($0 - 1) })
    }
    func encodeWindows(_ text: String, pair: String, maxLength: Int, stride: Int) -> [Encoding] {
        [encode(text, pair: pair, maxLength: maxLength)]
    }
}

@Suite struct TrainingLoopTests {
    private static let head = ClassificationHead(labels: ["a", "b", "c"], pooling: .first)
    static let recipes = ["head", "adapter", "fusion", "full"]

    /// Texts whose class is whether one word is in them.
    private func examples(_ count: Int, seed: UInt64) -> EncodedExamples {
        let examples = (0..<count).map { i -> Example in
            let label = Randomness.integer(seed, 3 * i, below: 3)
            let length = 1 + Randomness.integer(seed, 3 * i + 1, below: 20)
            var words = (0..<length).map { "w\(Randomness.integer(seed &+ 1, 100 * i + $0, below: 90))" }
            words[Randomness.integer(seed, 3 * i + 2, below: length)] = ["alpha", "beta", "gamma"][label]
            return Example(id: i, text: words.joined(separator: " "), pair: nil, label: label, line: 0)
        }
        return EncodedExamples(
            [(Self.head, examples)], tokenizer: WordTokenizer(), maxLength: 30, prefix: "", pool: ThreadPool(threads: 2)
        )
    }

    private func tensor(_ recipe: String, threads: Int, seed: Int, precision: Precision = .float32) throws -> (
        tensors: [NamedTensor], result: TrainingResult
    ) {
        let model = try Golden.model()
        var made: Recipe
        switch recipe {
        case "head": made = .head
        case "adapter": made = .adapter(try .resolve("double_seq_bn"), from: nil)
        case "full": made = .full
        default:
            let adapters = try ["a", "b"].map { name in
                let network = try Network(
                    Recipe.adapter(try .resolve("seq_bn"), from: nil).arrangement(model: model, heads: [], name: name),
                    seed: 5)
                return try network.bundle(
                    name: name,
                    base: BaseIdentity(name: "tiny", fingerprint: nil, shape: model.configuration),
                    provenance: Provenance())
            }
            made = try .fusion(adapters, .dynamic)
        }
        let head = NamedHead("t", Self.head)
        let network = try Network(
            made.arrangement(model: model, heads: [head], name: "x"), seed: UInt64(seed),
            precision: precision)
        var settings = TrainingSettings()
        settings.seed = seed
        settings.epochs = 3
        settings.learningRate = 2e-3
        let task = TrainingTask(
            name: "t",
            objective: HeadObjective([
                .init(name: "t", head: BatchHead(index: 0, column: 0, input: Self.head.input), metric: Accuracy.self)
            ]), train: examples(200, seed: 3), dev: examples(60, seed: 4))
        let result = try Trainer(network, tasks: [task], settings: settings, workspace: Workspace(threads: threads))
            .run()
        return (network.tensors, result)
    }

    /// Dropout on, several epochs: the same numbers to the last bit for 1, 2 and 3 threads; other ones for another seed.
    @Test(arguments: recipes) func bytesDoNotDependOnThreads(_ recipe: String) throws {
        let one = try tensor(recipe, threads: 1, seed: 1)
        for threads in [2, 3] {
            let more = try tensor(recipe, threads: threads, seed: 1)
            #expect(more.tensors == one.tensors, "\(threads) threads")
            #expect(more.result.losses == one.result.losses)
        }
        #expect(try tensor(recipe, threads: 2, seed: 2).tensors != one.tensors)
    }

    /// bfloat16 products with frozen weights: the same over threads, and near float32's course without being it.
    @Test(
        .enabled(if: Products.hasBFloat16, "this processor has no bfloat16 products"), arguments: ["adapter", "fusion"])
    func bfloat16(_ recipe: String) throws {
        let one = try tensor(recipe, threads: 1, seed: 1, precision: .bfloat16)
        #expect(try tensor(recipe, threads: 3, seed: 1, precision: .bfloat16).tensors == one.tensors)
        let exact = try tensor(recipe, threads: 2, seed: 1)
        #expect(one.result.losses != exact.result.losses)
        let apart = zip(one.result.losses, exact.result.losses).map { abs($0 - $1) / $1 }
        #expect((apart.first ?? 1) < 0.02)
        #expect(apart.reduce(0, +) / Double(apart.count) < 0.05)
    }

    @Test func fullFineTuningLearns() throws {
        let losses = try tensor("full", threads: 2, seed: 1).result.losses
        let (first, last) = (losses.prefix(5).reduce(0.0, +), losses.suffix(5).reduce(0.0, +))
        #expect(last < first * 0.8)
    }

    /// The base is as it was, to the last bit, after single-task adapter training and after fusion; so are the fused adapters.
    @Test func frozenTensorsStay() throws {
        let model = try Golden.model()
        let before = model.computeFingerprint()
        for recipe in ["adapter", "fusion", "head"] { _ = try tensor(recipe, threads: 2, seed: 1) }
        #expect(model.computeFingerprint() == before)
        #expect(try Golden.model().computeFingerprint() == before)
        #expect(try tensor("fusion", threads: 1, seed: 1).tensors.allSatisfy { !$0.name.hasPrefix("members/") })
    }

    @Test func schedulesRiseAndFall() {
        let linear = (0..<100).map { LearningRateSchedules.factor(LinearDecay.self, step: $0, total: 100, warmup: 0.1) }
        #expect(linear.max() == 1 && linear[10] == 1)
        #expect(linear[0] > 0 && linear[0] < 0.2)
        #expect(linear[99] < 0.02)
        #expect(LearningRateSchedules.factor(Constant.self, step: 0, total: 5, warmup: 0) == 1)
        #expect(LearningRateSchedules.factor(CosineDecay.self, step: 50, total: 100, warmup: 0) < 0.51)
    }

    @Test func settingsOutOfRangeAreNamed() throws {
        var settings = TrainingSettings()
        settings.learningRate = -1
        #expect(throws: TrainingError.setting(name: "--lr", found: "-1.0", expected: "over 0, at most 10")) {
            try settings.validate()
        }
        settings = TrainingSettings()
        settings.schedule = "up"
        #expect(throws: TrainingError.self) { try settings.validate() }
    }

    @Test func batchesHoldEachExampleOnce() {
        let examples = examples(101, seed: 9)
        let order = Randomness.permutation(101, key: 3)
        for policy in [BatchPolicy.examples(8), .tokens(64), .tokens(1)] {
            let batches = examples.batches(order, policy: policy)
            #expect(batches.flatMap { $0 } == order)
            if case .tokens(let most) = policy {
                #expect(batches.allSatisfy { b in b.count == 1 || b.reduce(0) { $0 + examples.length($1) } <= most })
            }
        }
    }
}
