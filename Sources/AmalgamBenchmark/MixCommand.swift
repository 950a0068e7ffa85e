import Adapters
import ArgumentParser
import Bundles
import Corpora
import Foundation
import Models
import Numerics
import Training

/// What a batch of several tasks costs beside the same texts under one task.
struct MixCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mix",
        abstract: "Time training steps whose batches hold several tasks, beside the same texts as one task.",
        discussion: """
            Two rows: heads on the first token alone, and heads of all kinds (classes, tags, numbers) beside one tagging \
            task, which needs every token too. Rounds alternate; each side's best one counts.
            """)

    @Option(help: "A Hugging Face folder, or the name of a fetched model.") var model: String
    @Option(help: "Number of tasks in a mixed batch.") var tasks = 4
    @Option(help: "Texts per batch.") var batch = 32
    @Option(help: "Steps per round.") var steps = 10
    @Option(help: "Rounds of each side.") var rounds = 5
    @Option(help: "Number of threads.") var threads = 2

    func run() throws {
        guard tasks >= 2, batch >= tasks, steps >= 1, rounds >= 1, threads >= 1 else {
            throw BenchmarkError.option(
                name: "--tasks, --batch, --steps, --rounds, --threads",
                found: "\(tasks), \(batch), \(steps), \(rounds), \(threads)",
                expected: "at least 2 tasks, a text for each, and 1 of the others")
        }
        let model = try EncoderModel(folder: ModelStore().resolve(model))
        var rows: [String: ConfigurationValue] = [:]
        for (name, heads) in [("first_token", MixSide.firstToken(tasks)), ("all_kinds", MixSide.allKinds(tasks))] {
            let one = try MixSide([heads.one], of: heads, model: model, batch: batch, steps: steps, threads: threads)
            let mixed = try MixSide(
                Array(0..<tasks), of: heads, model: model, batch: batch, steps: steps, threads: threads)
            var best = (one: Double.infinity, mixed: Double.infinity)
            for _ in 0..<rounds {
                best.one = min(best.one, one.round())
                best.mixed = min(best.mixed, mixed.round())
            }
            rows[name] = .map([
                "tokens": .init(one.tokens), "one_task_tokens_per_second": .number(Double(one.tokens) / best.one),
                "mixed_tokens_per_second": .number(Double(mixed.tokens) / best.mixed),
                "cost": .number(best.mixed / best.one),
            ])
        }
        rows["tasks"] = .init(tasks)
        rows["threads"] = .init(threads)
        rows["products"] = .string(Products.description)
        ConfigurationValue.map(rows).printJSON()
    }
}

/// One side of the comparison: a network with its plan, and the batches of a round.
private final class MixSide {
    /// Heads of tasks, and the one that reads all texts on the other side.
    typealias Heads = (all: [NamedHead], one: Int)

    static func firstToken(_ tasks: Int) -> Heads {
        (RowTarget.labels(.first).heads([Int](repeating: 3, count: tasks)), 0)
    }

    static func allKinds(_ tasks: Int) -> Heads {
        let heads = (0..<tasks).map { task -> NamedHead in
            switch task % 3 {
            case 0: NamedHead("task\(task)", TaggingHead(labels: (0..<9).map { "\($0)" }))
            case 1: NamedHead("task\(task)", ClassificationHead(labels: ["0", "1", "2"], pooling: .first))
            default: NamedHead("task\(task)", RegressionHead(numbers: [.identity], pooling: .mean))
            }
        }
        return (heads, 0)
    }

    let tokens: Int
    private let network: Network
    private let plan: LossPlan
    private let optimizer: AdamW
    private let workspace: Workspace
    private let batches: [[BatchPart]]
    private let mixes: Bool

    /// - Parameter chosen: the heads that learn; each batch's texts are dealt to them in equal shares
    init(_ chosen: [Int], of heads: Heads, model: EncoderModel, batch: Int, steps: Int, threads: Int) throws {
        workspace = Workspace(threads: threads)
        mixes = chosen.count > 1
        let own = chosen.map { heads.all[$0] }
        network = try Network(
            Recipe.adapter(try .resolve("seq_bn"), from: nil).arrangement(model: model, heads: own, name: "shared"),
            seed: 1)
        plan = try network.plan(heads: Array(own.indices), trains: true, mixes: mixes).training
        optimizer = AdamW(network.parameters, settings: AdamW.Settings(), pool: workspace.pool)
        batches = (0..<steps).map { step in
            own.indices.map { task in
                let share = batch * task / own.count..<batch * (task + 1) / own.count
                let texts = share.map {
                    Self.text(step * batch + $0, task: task, vocabulary: model.configuration.vocabulary)
                }
                return BatchPart(texts, targets: [task: Self.targets(own[task].head, texts)])
            }
        }
        tokens = batches.joined().reduce(0) { $1.sequences.reduce($0) { $0 + $1.ids.count } }
    }

    /// Lengths are log-normal with a median of 28 tokens, at most 128, as in `row`.
    private static func text(_ index: Int, task: Int, vocabulary: Int) -> (
        ids: [Int32], types: [Int32], row: SequenceRow
    ) {
        let key = Randomness.key(0x313C, UInt64(index))
        let length = min(128, max(3, Int(28 * exp(0.7 * Double(Randomness.normal(key, 0))))))
        let ids = (0..<length).map { Int32(Randomness.integer(key, 2 + $0, below: vocabulary)) }
        return (ids, [Int32](repeating: 0, count: length), SequenceRow(example: UInt64(index), task: task))
    }

    private static func targets(
        _ head: any Head, _ texts: [(ids: [Int32], types: [Int32], row: SequenceRow)]
    ) -> HeadTargets {
        let width = head.output.width
        let tokens = texts.reduce(0) { $0 + $1.ids.count }
        switch (head.input, head.output) {
        case (_, .arcs): return HeadTargets(.indices([], width: 2), marks: [])
        case (_, .clusters): return HeadTargets(.mentions([]), marks: [])
        case (_, .spans):
            let first: HeadTargets.SpanToken = [.first, .start, .end]
            return HeadTargets(
                .spans(texts.flatMap { [first] + [HeadTargets.SpanToken](repeating: [], count: $0.ids.count - 1) }),
                marks: (0..<tokens).map { Int32($0) })
        case (.marked, _), (_, .tokens):
            return HeadTargets(
                .classes((0..<tokens).map { Int32($0 % width) }), marks: (0..<tokens).map { Int32($0) })
        case (_, .classes): return HeadTargets(.classes(texts.indices.map { Int32($0 % width) }))
        case (_, .labelSets), (_, .choices), (_, .numbers), (_, .similarity), (_, .ranking):
            return HeadTargets(.numbers(texts.indices.map { Float($0 % 3) - 1 }, width: width))
        }
    }

    /// Seconds that all batches take.
    func round() -> Double {
        let start = DispatchTime.now().uptimeNanoseconds
        for (step, parts) in batches.enumerated() {
            let batch = PackedBatch(parts, marksSequences: mixes)
            _ = plan.step(batch, workspace: workspace, stepKey: Randomness.key(1, UInt64(step)))
            optimizer.step(plan.plan.parameters, rate: 1e-5, clip: 1)
        }
        return Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
    }
}
