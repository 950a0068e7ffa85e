import Adapters
import Bundles
import Files
import Foundation
import Models
import Numerics
import Tasks
import Testing

@testable import Training

/// Splits of tokens by positions and of texts by their order.
@Suite struct SplitBlockTests {
    private static func composed(_ block: any CompositionBlock, _ bundles: [AdapterBundle]) throws -> AdapterBundle {
        var composed = Composed()
        composed.finish(.above("", block, try bundles.map { try composed.take($0) }))
        return try composed.bundle(name: "c", base: bundles[0].base)
    }

    private static func outputs(_ bundle: AdapterBundle, _ base: TestBase) throws -> [Float] {
        let network = try Network(Arrangement(model: base.model(), bundle: bundle), seed: 0)
        let plan = try network.plan(head: 0, trains: false)
        let workspace = Workspace(threads: 2)
        let run = plan.plan.run(try base.batches()[0], workspace: workspace)
        return withExtendedLifetime(workspace) { Array(run.values(plan.output)) }
    }

    /// The same adapter in all places is the adapter; where the first part has all tokens, the second does nothing.
    @Test(arguments: ["seq_bn", "double_seq_bn", "lora", "ia3", "dora"], TestBase.allCases) func degenerateSplits(
        _ preset: String, _ base: TestBase
    ) throws {
        let (a, b) = (
            try ParallelTests.bundle("a", preset, base), try ParallelTests.bundle("b", "seq_bn", base)
        )
        let alone = try Self.outputs(a, base)
        var same = a
        same.composition = Composition(TokenSplit(lengths: [2, 3]), [.leaf("a"), .leaf("a")])
        let difference = Difference(try Self.outputs(same, base), alone)
        #expect(difference.largest < 1e-5 * max(1, difference.scale), "\(difference)")
        let all = Difference(try Self.outputs(Self.composed(TokenSplit(lengths: [400, 1]), [a, b]), base), alone)
        #expect(all.largest < 1e-5 * max(1, all.scale), "\(all)")
        let mixed = try Self.outputs(Self.composed(TokenSplit(lengths: [1, 1]), [a, b]), base)
        #expect(Difference(mixed, alone).largest > 1e-3)
    }

    /// Each part learns from its own tokens: gradients against central differences.
    @Test func gradients() throws {
        let model = try Golden.model()
        var composed = Composed()
        let parts = try ["a", "b"].map { try composed.take(ParallelTests.bundle($0, "double_seq_bn", .bert)) }
        let tree = Composition.above(
            "", TokenSplit(lengths: [2, 9]), [parts[0], .stack([parts[1], Recipe.newAdapter])])
        let network = try Network(
            Recipe.composition(tree, of: composed, new: .resolve("lora")).arrangement(
                model: model, heads: [Golden.head], name: "n"), seed: 3)
        for parameter in network.parameters.parameters {
            let key = Randomness.key(11, Randomness.hash(parameter.name))
            for i in 0..<parameter.count { parameter.values[i] += 0.2 * Randomness.normal(key, i) }
        }
        let batch = try Golden.batches()[1]
        try Slopes.expectEqual(network, batch)
        let workspace = Workspace(threads: 1)
        _ = try network.plan(head: 0, trains: true).step(batch, workspace: workspace, stepKey: 5)
        // In the last layer, the head's only query is that of the first token, which belongs to the other part
        let queries = network.parameters.parameters.filter { $0.name.hasPrefix("members/n/query/2/") }
        #expect(!queries.isEmpty && queries.allSatisfy { $0.gradientArray.allSatisfy { $0 == 0 } })
    }

    @Test(arguments: [
        ("prefix_tuning", "prefixes are keys and values"), ("bitfit", "acts on all of them"),
        ("prompt_tuning", "found a prompt in a split"),
    ]) func whatCannotBeSplit(_ preset: String, _ words: String) throws {
        let bundle = try Self.composed(
            TokenSplit(lengths: [1, 1]),
            [ParallelTests.bundle("a", "seq_bn", .bert), ParallelTests.bundle("b", preset, .bert)])
        #expect { _ = try Self.outputs(bundle, .bert) } throws: { "\($0)".contains(words) }
    }

    /// A batch split gives each text what its own part gives alone; others than its number are refused.
    @Test func batchesInOrder() throws {
        let alone = try ["a", "b"].map { try ParallelTests.bundle($0, "seq_bn", .bert) }
        let bundle = try Self.composed(BatchSplit(sizes: [3, 2]), alone)
        let data = try BundleFile.data(bundle)
        #expect(try BundleFile.read(data, name: "c") == bundle)
        let head = try #require(bundle.heads.first)
        let pool = ThreadPool(threads: 1)
        let examples = EncodedExamples(
            [(head.head, (0..<5).map { Example(id: $0, text: "w\($0) w\(2 * $0) w3", label: $0 % 3) })],
            tokenizer: WordTokenizer(), maxLength: 30, prefix: "", pool: pool)
        let workspace = Workspace(threads: 2)
        func arrangement(_ tree: Composition?) throws -> Arrangement {
            var arrangement = try Arrangement(model: Golden.model(), bundle: bundle)
            arrangement.composition = tree
            return arrangement
        }
        let evaluator = try BundleEvaluator(
            arrangement(bundle.composition), heads: [0], precision: .float32, workspace: workspace)
        #expect(evaluator.batchSize == 5)
        let results = evaluator.results(examples)[0]
        for (member, rows) in [("a", 0..<3), ("b", 3..<5)] {
            let own = try BundleEvaluator(
                arrangement(.leaf(member)), heads: [0], precision: .float32, workspace: workspace
            ).results(examples)[0]
            for i in rows { #expect(results.row(i) == own.row(i), "\(member) \(i)") }
        }
        #expect { try evaluator.check(6) } throws: { "\($0)".contains("found 6 texts, expected 5") }
        #expect { _ = try Network(arrangement(bundle.composition), seed: 0).plan(head: 0, trains: false) } throws: {
            "\($0)".contains("use multitask to train")
        }
    }

    @Test func batchParts() throws {
        let (a, b, c) = (Composition.leaf("a"), Composition.leaf("b"), Composition.leaf("c"))
        let tree = Composition.stack([
            Composition(BatchSplit(sizes: [2, 3]), [a, b]),
            Composition(BatchSplit(sizes: [4, 1]), [Composition(BatchSplit(sizes: [1, 3]), [a, b]), c]),
        ])
        let parts = try tree.batchParts(5)
        #expect(parts.map(\.range) == [0..<1, 1..<2, 2..<4, 4..<5])
        #expect(parts.map(\.composition.text) == ["stack(a, a)", "stack(a, b)", "stack(b, b)", "stack(b, c)"])
        #expect(tree.batchSize == 5 && a.batchSize == nil)
        #expect(throws: AdapterError.self) { try tree.batchParts(4) }
    }
}
