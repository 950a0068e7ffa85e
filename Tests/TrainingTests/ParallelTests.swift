import Adapters
import Bundles
import Files
import Foundation
import Models
import Numerics
import Tasks
import Testing

@testable import Training

/// Parallel adapters against each of them alone.
@Suite struct ParallelTests {
    /// A bundle of one adapter with random numbers, and a head.
    static func bundle(
        _ name: String, _ preset: String, _ base: TestBase, overrides: [String] = [],
        head: any Head = ClassificationHead(labels: ["x", "y", "z"], pooling: .first)
    ) throws -> AdapterBundle {
        let model = try base.model()
        let network = try Network(
            Recipe.adapter(try .resolve(preset, overrides: overrides), from: nil).arrangement(
                model: model, heads: [NamedHead(name, head)], name: name), seed: 3)
        for parameter in network.parameters.parameters {
            let key = Randomness.key(Randomness.hash(name), Randomness.hash(parameter.name))
            for i in 0..<parameter.count { parameter.values[i] += 0.2 * Randomness.normal(key, i) }
        }
        return try network.bundle(
            name: name, base: BaseIdentity(name: "tiny", fingerprint: nil, shape: model.configuration),
            provenance: Provenance())
    }

    /// Bundles side by side.
    static func parallel(_ bundles: [AdapterBundle], above: AdapterBundle? = nil) throws -> AdapterBundle {
        var composed = Composed()
        let lowest = try above.map { try composed.take($0) }
        let parts = Composition.above("", Parallel(), try bundles.map { try composed.take($0) })
        composed.finish(lowest.map { .above("", Stack(), [$0, parts]) } ?? parts)
        return try composed.bundle(name: "p", base: bundles[0].base)
    }

    private static func outputs(_ bundle: AdapterBundle, _ head: String, _ base: TestBase) throws -> [Float] {
        let network = try Network(Arrangement(model: base.model(), bundle: bundle), seed: 0)
        let index = try #require(bundle.heads.firstIndex { $0.name == head })
        let plan = try network.plan(head: index, trains: false)
        let workspace = Workspace(threads: 2)
        let run = plan.plan.run(try base.batches()[0], workspace: workspace)
        return withExtendedLifetime(workspace) { Array(run.values(plan.output)) }
    }

    /// One pass gives each head what it gives alone, to the last bit: a stream runs the same operations on the same values.
    @Test(arguments: TestBase.allCases) func sameAsEachAlone(_ base: TestBase) throws {
        let presets = [
            "seq_bn", "double_seq_bn", "lora", "ia3", "bitfit", "ln_tuning", "prefix_tuning", "seq_bn_inv", "dora",
        ]
        let alone = try presets.map { try Self.bundle($0, $0, base) }
        let bundle = try Self.parallel(alone)
        #expect(bundle.heads.map(\.name).sorted() == presets.sorted())
        let network = try Network(Arrangement(model: base.model(), bundle: bundle), seed: 0)
        let plan = try network.plan(heads: Array(bundle.heads.indices), trains: false)
        let workspace = Workspace(threads: 2)
        let run = plan.plan.run(try base.batches()[0], workspace: workspace)
        defer { withExtendedLifetime(workspace) {} }
        for (head, values) in zip(bundle.heads, plan.heads) {
            let own = try #require(alone.first { $0.name == head.name })
            #expect(try Array(run.values(values.output)) == Self.outputs(own, head.name, base), "\(head.name)")
            // And so does a plan for one head of the whole
            #expect(try Self.outputs(bundle, head.name, base) == Self.outputs(own, head.name, base), "\(head.name)")
        }
    }

    /// What lies below the first adapter runs once, the rest once for each stream.
    @Test func sharesWhatIsBelowTheFirstAdapter() throws {
        func count(_ type: any Numerics.Operation.Type, _ plan: Plan) -> Int {
            plan.operations.count { Swift.type(of: $0) == type }
        }
        let layers = try TestBase.bert.model().configuration.layers
        let top = ["leave_out=[\((0..<layers - 1).map(String.init).joined(separator: ","))]"]
        for (overrides, attentions) in [(top, layers), ([], layers + 2 * (layers - 1))] {
            let bundle = try Self.parallel(
                ["a", "b", "c"].map { try Self.bundle($0, "seq_bn", .bert, overrides: overrides) })
            let network = try Network(Arrangement(model: TestBase.bert.model(), bundle: bundle), seed: 0)
            let plan = try network.plan(heads: [0, 1, 2], trains: false).plan
            #expect(count(Embedding.self, plan) == 1)
            #expect(count(Attention.self, plan) == attentions)
            // The same heads by themselves
            #expect(count(Attention.self, try network.plan(heads: [0], trains: false).plan) == layers)
        }
    }

    /// Losses and gradients on the same texts are those of each alone, dropout included: what is shared is frozen.
    @Test func gradientsOnTheSameTexts() throws {
        let model = try Golden.model()
        let names = ["a", "b"]
        let heads = names.map { NamedHead($0, ClassificationHead(labels: ["0", "1", "2"], pooling: .mean)) }
        var arrangement = Arrangement(model: model)
        arrangement.heads = heads
        arrangement.composition = Composition(MultiTask(heads: [["a"], ["b"]]), [.leaf("a"), .leaf("b")])
        for (name, preset) in zip(names, ["seq_bn", "lora"]) {
            let member = Member(name: name, configuration: try .resolve(preset))
            arrangement.members.append(member)
            try arrangement.train(member)
        }
        for head in heads {
            arrangement.trainable += head.head.specs(hidden: model.configuration.hidden, scope: head.scope)
        }
        let network = try Network(arrangement, seed: 1)
        for parameter in network.parameters.parameters {
            for i in 0..<parameter.count { parameter.values[i] += 0.1 * Randomness.normal(UInt64(parameter.offset), i) }
        }
        let sequences = try Golden.sequences(Golden.file("batches.safetensors"), "batch0.", hasTypes: true)
        let targets = HeadTargets(.classes(sequences.indices.map { Int32($0 % 4) - 1 }))
        let batch = PackedBatch([BatchPart(sequences, targets: [0: targets, 1: targets])])
        let workspace = Workspace(threads: 2)
        var expected: [String: [Float]] = [:]
        var losses: [Double] = []
        for head in [0, 1] {
            let plan = try network.plan(head: head, trains: true)
            losses.append(plan.step(batch, workspace: workspace, stepKey: 7))
            for parameter in plan.plan.parameters { expected[parameter.name] = parameter.gradientArray }
        }
        let both = try network.plan(heads: [0, 1], trains: true)
        let sums = both.training.sums(batch, workspace: workspace, stepKey: 7)
        #expect(sums == losses)
        #expect(both.plan.parameters.count == expected.count && expected.count == network.parameters.parameters.count)
        for parameter in both.plan.parameters {
            #expect(parameter.gradientArray == expected[parameter.name], "\(parameter.name)")
        }
    }

    /// Saved, loaded and stacked again; heads of one name get names of their own, and a bundle's part keeps its heads.
    @Test func bundlesOfThem() throws {
        let (a, b) = (try Self.bundle("a", "seq_bn", .bert), try Self.bundle("b", "lora", .bert))
        let both = try Self.parallel([a, b])
        let data = try BundleFile.data(both)
        let read = try BundleFile.read(data, name: "p")
        #expect(read == both && read.kind == .composition)
        #expect(try BundleFile.data(read) == data)
        var again = Composed()
        let lowest = try again.take(Self.bundle("a", "double_seq_bn", .bert))
        again.finish(.above("", Stack(), [lowest, try again.take(read)]))
        let stacked = try again.bundle(name: "s", base: a.base)
        // The lowest bundle's head has the name first, and nothing reads it
        #expect(stacked.heads.map(\.name) == ["a_2", "b"])
        #expect(stacked.composition?.routers.first?.router.heads == [["a_2"], ["b"]])
        #expect(!stacked.tensors.contains { $0.name.hasPrefix("heads/a/") })

        // One head for two streams is two heads with the same numbers
        var twice = Composed()
        let (de, fr, task) = (try twice.take(b), try twice.take(Self.bundle("c", "ia3", .bert)), try twice.take(a))
        twice.finish(
            .above("", Parallel(), [.above("", Stack(), [de, task]), .above("", Stack(), [fr, task])]))
        let pair = try twice.bundle(name: "t", base: a.base)
        #expect(pair.heads.map(\.name) == ["a", "a_2"])
        #expect(try Self.outputs(pair, "a", .bert) != Self.outputs(pair, "a_2", .bert))
    }

    /// A file that says otherwise than its heads is refused by the field's name.
    @Test func readersCheckTheHeads() throws {
        var bundle = try Self.parallel([Self.bundle("a", "seq_bn", .bert), Self.bundle("b", "lora", .bert)])
        for heads in [[["a"], ["q"]], nil, [["b"]]] {
            bundle.composition = Composition(Parallel(heads: heads), [.leaf("a"), .leaf("b")])
            #expect { _ = try BundleFile.read(BundleFile.data(bundle), name: "p") } throws: {
                "\($0)".contains("/@composition") && "\($0)".contains("heads: ")
            }
        }
    }

    @Test func partsWithoutHeads() throws {
        var bare = try Self.bundle("b", "lora", .bert)
        bare.tensors.removeAll { $0.name.hasPrefix("heads/") }
        bare.heads = []
        #expect { _ = try Self.parallel([Self.bundle("a", "seq_bn", .bert), bare]) } throws: {
            "\($0)".contains("b: found no head for this part of parallel, expected one for each")
        }
    }

    /// Prompts of different lengths need batches of their own; the predictor runs a plan for each.
    @Test func predictorForAllHeads() throws {
        let long = try Self.bundle("long", "prompt_tuning", .bert, overrides: ["prompt_length=4"])
        let short = try Self.bundle("short", "prompt_tuning", .bert, overrides: ["prompt_length=2"])
        let number = try Self.bundle(
            "number", "seq_bn", .bert,
            head: RegressionHead(numbers: [NumberScale(mean: 1, deviation: 2)], pooling: .mean))
        let alone = [long, number, short]
        let bundle = try Self.parallel(alone)
        let network = try Network(Arrangement(model: Golden.model(), bundle: bundle), seed: 0)
        #expect(try network.planGroups([0, 1, 2]) == [[0], [1], [2]])
        #expect(throws: AdapterError.self) { try network.plan(heads: [0, 2], trains: false) }
        let pool = ThreadPool(threads: 1)
        let examples = EncodedExamples(
            bundle.heads.map { head in
                (head.head, (0..<9).map { Example(id: $0, text: "w\($0 % 4) w\($0) w2", label: $0 % 3) })
            }, tokenizer: WordTokenizer(), maxLength: 30, prefix: "", pool: pool)
        let workspace = Workspace(threads: 2)
        for group in try network.planGroups([0, 1, 2]) {
            let all = try Evaluator(network, heads: group.map { ($0, $0) }, workspace: workspace).allResults(examples)
            for (index, results) in zip(group, all) {
                let own = try #require(alone.first { $0.name == bundle.heads[index].name })
                let single = try Evaluator(
                    Network(Arrangement(model: Golden.model(), bundle: own), seed: 0), head: 0, column: index,
                    workspace: workspace)
                #expect(results.values == single.results(examples).values)
            }
        }
    }
}
