import Adapters
import Bundles
import Files
import Foundation
import Models
import Numerics
import Tasks
import Testing

@testable import Training

/// Four tasks of all kinds on a small random model: a class from the first token, a tag for each word, a number and another
/// class from the mean of the tokens.
struct MultitaskProbe {
    static let heads = [
        NamedHead("class", ClassificationHead(labels: ["a", "b", "c"], pooling: .first)),
        NamedHead("tags", TaggingHead(labels: ["O", "B-X", "I-X", "B-Y", "I-Y"])),
        NamedHead("number", RegressionHead(numbers: [NumberScale(mean: 1, deviation: 2)], pooling: .mean)),
        NamedHead("other", ClassificationHead(labels: ["x", "y"], pooling: .mean)),
    ]
    private static let metrics: [any Metric.Type] = [Accuracy.self, TokenAccuracy.self, Pearson.self, Accuracy.self]

    let network: Network
    let tasks: [TrainingTask]
    let balancer: any LossBalancer
    var settings: TrainingSettings

    /// - Parameters:
    ///   - counts: training examples of each task; tasks without any are left out, their heads are not.
    ///   - recipe: nil: one adapter, or all weights if `full`.
    init(
        _ settings: TrainingSettings = TrainingSettings(), counts: [Int] = [40, 24, 12, 30], full: Bool = false,
        recipe: Recipe? = nil
    ) throws {
        self.settings = settings
        balancer = try LossBalancers.make(settings.balancer, weights: settings.lossWeights, for: Self.heads)
        let recipe = try recipe ?? (full ? Recipe.full : .adapter(.resolve("seq_bn"), from: nil))
        var arrangement = try recipe.arrangement(model: Golden.model(), heads: Self.heads, name: "t")
        arrangement.trainable += balancer.specs
        network = try Network(arrangement, seed: UInt64(settings.seed))
        let pool = ThreadPool(threads: 1)
        func encoded(_ task: Int, _ count: Int, _ seed: UInt64) -> EncodedExamples {
            EncodedExamples(
                [(Self.heads[task].head, Self.examples(task, count, seed: seed))], tokenizer: WordTokenizer(),
                maxLength: 30, prefix: "", pool: pool)
        }
        tasks = counts.indices.filter { counts[$0] > 0 }.map { task in
            TrainingTask(
                name: Self.heads[task].name,
                objective: HeadObjective([
                    .init(
                        name: Self.heads[task].name,
                        head: BatchHead(index: task, column: 0, input: Self.heads[task].head.input),
                        metric: Self.metrics[task])
                ]), train: encoded(task, counts[task], 3), dev: encoded(task, 10, 4))
        }
    }

    private static func examples(_ task: Int, _ count: Int, seed: UInt64) -> [Example] {
        let key = Randomness.key(seed, UInt64(task))
        return (0..<count).map { i in
            let length = 1 + Randomness.integer(key, 3 * i, below: 20)
            let words = (0..<length).map { "w\(Randomness.integer(key &+ 1, 100 * i + $0, below: 90))" }
            var example = Example(id: i, text: words.joined(separator: " "))
            switch task {
            case 1:
                example.payload = TaggedTokens(
                    tokens: words, tags: words.indices.map { Randomness.integer(key &+ 2, 100 * i + $0, below: 6) - 1 })
            case 2: example.payload = Numbers(values: [i % 5 == 0 ? nil : Double(Randomness.normal(key, i)) * 2 + 1])
            default: example.label = Randomness.integer(key, 3 * i + 1, below: heads[task].head.labels.count)
            }
            return example
        }
    }

    func trainer(
        threads: Int = 2, scheduler: any TaskScheduler.Type = TaskSchedulers.builtIn[0],
        cache: Int = ActivationCache.standardBytes, cosinesEvery: Int = 0,
        observe: @escaping (TrainingEvent) -> Void = { _ in }
    ) throws -> Trainer {
        try Trainer(
            network, tasks: tasks, settings: settings, scheduler: scheduler, balancer: balancer,
            workspace: Workspace(threads: threads), activationCache: cache, cosinesEvery: cosinesEvery,
            observe: observe)
    }

    func identity(_ scheduler: String = "proportional") -> RunIdentity {
        RunIdentity(
            network: network, kind: "adapter", name: "t", base: "", data: "", settings: settings, scheduler: scheduler,
            tasks: tasks, tokenizer: "words")
    }

    /// Trains, and stops after so many steps as a signal would; a new process goes on from the checkpoint, and so on.
    /// - Returns: the tensors at the end, and the result.
    static func stopped(
        _ settings: TrainingSettings, after steps: [Int], scheduler: any TaskScheduler.Type = TaskSchedulers.builtIn[0],
        recipe: Recipe? = nil, cosinesEvery: Int = 0
    ) throws -> (tensors: [NamedTensor], result: TrainingResult) {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("run-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        for steps in steps {
            let probe = try MultitaskProbe(settings, recipe: recipe)
            let asked = Counter()
            let keeping = CheckpointSettings(
                file, every: .infinity, resumes: true, stops: { asked.next() >= steps })
            #expect(throws: TrainingError.self) {
                try probe.trainer(scheduler: scheduler, cosinesEvery: cosinesEvery).run(
                    keeping, identity: probe.identity())
            }
        }
        let probe = try MultitaskProbe(settings, recipe: recipe)
        let result = try probe.trainer(scheduler: scheduler, cosinesEvery: cosinesEvery).run(
            CheckpointSettings(file, every: 0, resumes: true), identity: probe.identity())
        return (probe.network.tensors, result)
    }
}

/// Counts calls.
private final class Counter: @unchecked Sendable {  // one thread calls it
    private var count = 0
    func next() -> Int {
        defer { count += 1 }
        return count
    }
}
