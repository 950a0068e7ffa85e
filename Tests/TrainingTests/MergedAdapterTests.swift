import Adapters
import Bundles
import Models
import Numerics
import Testing

@testable import Training

/// Adapters that are merged into one adapter without training: what the model computes with them.
@Suite struct MergedAdapterTests {
    private static let names = ["a", "b"]

    /// Two adapters of one method on a small model, with the same head, each with values of its own.
    private func bundles(_ configurations: [[String]], _ base: TestBase) throws -> [AdapterBundle] {
        let model = try base.model()
        return try zip(Self.names, configurations).map { name, configuration in
            var arrangement = Arrangement(model: model)
            let member = Member(
                name: name,
                configuration: try .resolve(configuration[0], overrides: Array(configuration.dropFirst())))
            arrangement.heads = [Golden.head]
            arrangement.members = [member]
            arrangement.composition = .leaf(name)
            try arrangement.train(member)
            arrangement.trainable += Golden.head.head.specs(
                hidden: model.configuration.hidden, scope: Golden.head.scope)
            let network = try Network(arrangement, seed: 3)
            for parameter in network.parameters.parameters {
                let key = Randomness.key(11, Randomness.hash(parameter.name))
                for i in 0..<parameter.count { parameter.values[i] += 0.1 * Randomness.normal(key, i) }
            }
            return try network.bundle(
                name: name, base: BaseIdentity(name: "tiny", fingerprint: "1", shape: model.configuration),
                provenance: Provenance())
        }
    }

    private func logits(_ bundle: AdapterBundle, _ base: TestBase) throws -> [Float] {
        let network = try Network(Arrangement(model: try base.model(), bundle: bundle), seed: 0)
        let plan = try network.plan(head: 0, trains: false)
        let workspace = Workspace(threads: 1)
        defer { withExtendedLifetime(workspace) {} }
        return try base.batches().flatMap { Array(plan.plan.run($0, workspace: workspace).values(plan.output)) }
    }

    private func merge(_ bundles: [AdapterBundle], _ method: String, _ weights: [Double]? = nil) throws -> AdapterBundle
    {
        var options = MergeOptions()
        options.weights = weights
        return try BundleMerge(
            bundles.map { BundleMerge.Part($0, file: $0.name) }, method: method, options: options, force: false
        ).run().bundle
    }

    /// Both adapters in one composition, with the head of the first.
    private func composed(_ bundles: [AdapterBundle], _ tree: Composition) -> AdapterBundle {
        var both = bundles[0]
        both.members += bundles[1].members
        both.tensors.insert(
            contentsOf: bundles[1].tensors.filter { $0.name.hasPrefix("members/") },
            at: both.tensors.firstIndex { !$0.name.hasPrefix("members/") } ?? both.tensors.endIndex)
        both.composition = tree
        return both
    }

    private func expectEqual(_ a: [Float], _ b: [Float], _ words: Comment) {
        let largest = zip(a, b).map { abs($0 - $1) }.max() ?? .infinity
        #expect(a.count == b.count && largest < 1e-5, "\(words): \(largest)")
    }

    private static let lora: [[[String]]] = [
        [["lora"], ["lora", "rank=3", "rslora=true", "targets=all"]],
        [
            ["lora", "rank=2", "alpha=6", "targets=output,key", #"rank_pattern={"1":3,"key/0":0}"#],
            ["lora", "targets=intermediate", "leave_out=[1]"],
        ],
    ]

    /// cat of two is the sum of what both add, which is what a stack of LoRA adds; an average is the block's.
    @Test(arguments: lora, TestBase.allCases) func sums(_ configurations: [[String]], _ base: TestBase) throws {
        let two = try bundles(configurations, base)
        let leaves = Self.names.map { Composition.leaf($0) }
        let stacked = try logits(composed(two, .stack(leaves)), base)
        for method in ["cat", "task_arithmetic"] {
            expectEqual(try logits(merge(two, method), base), stacked, "\(method)")
        }
        let averaged = try logits(composed(two, Composition(Average(weights: [0.3, 0.7]), leaves)), base)
        expectEqual(try logits(merge(two, "average", [0.3, 0.7]), base), averaged, "average")
        // The adapters do something, each
        let alone = try logits(two[0], base)
        #expect((zip(stacked, alone).map { abs($0 - $1) }.max() ?? 0) > 1e-3)
    }

    /// What a bias adds is linear too.
    @Test func biases() throws {
        let two = try bundles([["bitfit"], ["bitfit"]], .bert)
        let averaged = composed(two, Composition(Average(weights: [0.3, 0.7]), Self.names.map { .leaf($0) }))
        expectEqual(try logits(merge(two, "average", [0.3, 0.7]), .bert), try logits(averaged, .bert), "bitfit")
    }

    /// One bundle with weight 1 gives the same outputs.
    @Test(
        arguments: [
            ["lora", "rank=3", "rslora=true", "targets=all"], ["pissa", "rank=3"], ["seq_bn"], ["par_bn"], ["ia3"],
            ["bitfit"],
            ["ln_tuning"], ["prefix_tuning", "prefix_length=3"], ["prompt_tuning", "prompt_length=3"],
        ]) func one(_ configuration: [String]) throws
    {
        let own = try Array(bundles([configuration], .bert).prefix(1))
        let before = try logits(own[0], .bert)
        let methods = ["average", "task_arithmetic"] + (configuration.contains("rank=3") ? ["cat", "svd"] : [])
        for method in methods {
            expectEqual(try logits(merge(own, method), .bert), before, "\(configuration) \(method)")
        }
    }
}
