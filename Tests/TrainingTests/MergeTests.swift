import Adapters
import Bundles
import Models
import Numerics
import Testing

@testable import Training

/// Merged models compute what the model with its adapters computes.
@Suite struct MergeTests {
    static let configurations: [[String]] = [
        ["lora"], ["lora", "targets=all", "rank=3", "rslora=true", "dropout=0.3"],
        ["lora", "targets=output,key", #"rank_pattern={"1":2,"key/0":0}"#, #"alpha_pattern={"output":5}"#],
        ["ia3"], ["ia3", "leave_out=[1]"], ["ln_tuning"], ["ln_tuning", "targets=attention_norm", "leave_out=[0]"],
        ["dora"], ["dora", "targets=all", "rank=3", "rslora=true", "dropout=0.3"],
        ["pissa", "targets=all", "rank=3"], ["pissa", "rslora=true", #"rank_pattern={"1":2,"value/0":0}"#],
        ["pissa", "use_dora=true", "targets=all"], ["lora_plus"],
        ["vera", "r=8"], ["vera", "r=5", "targets=all", "projection_prng_key=3", "dropout=0.3"],
        ["mam", #"configs=["lora","ia3"]"#],
        ["mam", #"configs=["ia3",{"method":"lora","targets":"all","rank":2},"dora"]"#],
    ]

    static let ia3OfInputs = ["ia3", "targets=output,value", "feedforward_targets=output"]

    private func moved(_ network: Network) {
        for parameter in network.parameters.parameters {
            let key = Randomness.key(11, Randomness.hash(parameter.name))
            for i in 0..<parameter.count { parameter.values[i] += 0.1 * Randomness.normal(key, i) }
        }
    }

    private func logits(_ network: Network, _ base: TestBase) throws -> [Float] {
        let plan = try network.plan(head: 0, trains: false)
        let workspace = Workspace(threads: 1)
        defer { withExtendedLifetime(workspace) {} }
        return try base.batches().flatMap { Array(plan.plan.run($0, workspace: workspace).values(plan.output)) }
    }

    /// - Returns: the logits of the model with its adapters, of the merged model, and of the bare model with the head
    private func compare(_ bundle: AdapterBundle, _ base: TestBase) throws -> (
        adapted: [Float], merged: [Float], bare: [Float]
    ) {
        let model = try base.model()
        let adapted = Arrangement(model: model, bundle: bundle)
        var bare = adapted
        bare.composition = nil
        var merged = bare
        for tensor in try bundle.merged(into: model) {
            merged.frozen[tensor.name] = Weight(tensor.values, shape: tensor.shape)
        }
        return try (
            logits(Network(adapted, seed: 0), base), logits(Network(merged, seed: 0), base),
            logits(Network(bare, seed: 0), base)
        )
    }

    private func bundle(_ configurations: [[String]], _ base: TestBase = .bert) throws -> AdapterBundle {
        let model = try base.model()
        var arrangement = Arrangement(model: model)
        arrangement.heads = [Golden.head]
        for (i, configuration) in configurations.enumerated() {
            arrangement.members.append(
                Member(
                    name: "m\(i)",
                    configuration: try .resolve(configuration[0], overrides: Array(configuration.dropFirst()))))
        }
        arrangement.composition =
            configurations.count == 1
            ? .leaf("m0") : .stack(arrangement.members.map { .leaf($0.name) })
        for member in arrangement.members { try arrangement.train(member) }
        arrangement.trainable += Golden.head.head.specs(hidden: model.configuration.hidden, scope: Golden.head.scope)
        let network = try Network(arrangement, seed: 3)
        moved(network)
        return try network.bundle(
            name: "t", base: BaseIdentity(name: "tiny", fingerprint: nil, shape: model.configuration),
            provenance: Provenance())
    }

    private func expectEqual(_ configurations: [[String]], _ base: TestBase) throws {
        let (adapted, merged, bare) = try compare(bundle(configurations, base), base)
        let largest = zip(adapted, merged).map { abs($0 - $1) }.max() ?? .infinity
        #expect(largest < 1e-5, "\(configurations): \(largest)")
        // The adapters do something
        #expect((zip(adapted, bare).map { abs($0 - $1) }.max() ?? 0) > 1e-3)
    }

    @Test(arguments: configurations, TestBase.allCases) func one(_ configuration: [String], _ base: TestBase) throws {
        try expectEqual([configuration], base)
    }

    /// In a stack, the upper one acts on what the lower one leaves: factors first is not factors last.
    @Test(
        arguments: [
            [["lora", "targets=all"], ["lora", "targets=key,query", "rank=2"]], [["lora", "targets=key"], ["ia3"]],
            [["ia3"], ["lora", "targets=key"]], [ia3OfInputs, ["lora", "targets=all"], ["ia3"]],
            [["lora", "targets=all"], ["dora", "targets=key,output"]],
            [["ia3"], ["dora", "targets=all", "dropout=0.2"]], [["dora", "targets=key"], ["ia3"]],
            [["ia3"], ["dora", "targets=key,intermediate"], ["pissa", "targets=all"]], [["vera", "r=8"], ["ia3"]],
        ], TestBase.allCases) func stack(_ configurations: [[String]], _ base: TestBase) throws
    {
        try expectEqual(configurations, base)
    }

    /// Where the model has biases. Biases and norms that are tuned act first, wherever they stand in a stack.
    @Test(arguments: [
        [["bitfit"]], [["bitfit", "targets=query,output_norm", "leave_out=[2]"]], [["bitfit"], ["ia3"]],
        [["ia3"], ["bitfit"]], [["mam", #"configs=["lora","bitfit","ln_tuning"]"#], ["ia3"]],
        [["bitfit"], ["lora", "targets=all"], ["ln_tuning"], ["bitfit", "targets=query"]],
    ]) func biases(_ configurations: [[String]]) throws { try expectEqual(configurations, .bert) }

    @Test func average() throws {
        var bundle = try bundle([["bitfit"], ["ln_tuning"], ["bitfit", "targets=value,embedding_norm"]])
        bundle.composition = Composition(
            Average(weights: [0.2, 0.5, 0.3]), bundle.members.map { .leaf($0.name) })
        let (adapted, merged, bare) = try compare(bundle, .bert)
        #expect((zip(adapted, merged).map { abs($0 - $1) }.max() ?? .infinity) < 1e-5)
        #expect((zip(adapted, bare).map { abs($0 - $1) }.max() ?? 0) > 1e-3)
    }

    /// What adapters below would read is no longer there to be multiplied.
    @Test func refusesFactorsOfInputsAboveAnother() throws {
        var bundle = try bundle([Self.ia3OfInputs, ["lora", "targets=output"]])
        bundle.composition = .stack([.leaf("m1"), .leaf("m0")])
        func isNamed(_ error: any Error) -> Bool { "\(error)".contains("make it the lowest of the stack") }
        #expect { try bundle.merged(into: TestBase.bert.model()) } throws: { isNamed($0) }
        #expect {
            let network = try Network(Arrangement(model: TestBase.bert.model(), bundle: bundle), seed: 0)
            _ = try network.plan(head: 0, trains: false)
        } throws: { isNamed($0) }
    }

    @Test func refusesBiasesWhereThereAreNone() throws {
        let bundle = try bundle([["bitfit"]], .modernBERT)
        #expect { try bundle.merged(into: TestBase.modernBERT.model()) } throws: {
            "\($0)" == "embeddingNorm: found no bias in the model, and an adapter adds one; use it without --merge"
        }
    }

    @Test func refuses() throws {
        let model = try Golden.model()
        var bundle = try bundle([["seq_bn"]])
        #expect { try bundle.merged(into: model) } throws: {
            "\($0)".contains("method bottleneck cannot be part of a transformers model")
        }
        for (configuration, method) in [
            (["mam"], "prefix_tuning"),
            (["unipelt", #"configs=["ia3",{"method":"lora","use_gating":true}]"#], "lora with"),
            (["lora", "use_gating=true"], "lora with use_gating"),
        ] {
            let gated = try self.bundle([configuration])
            #expect { try gated.merged(into: model) } throws: { "\($0)".contains("an adapter of method \(method)") }
        }
        bundle.composition = .fuse(["m0"])
        #expect { try bundle.merged(into: model) } throws: { "\($0)".contains("a fusion attends anew") }
        bundle.composition = nil
        #expect { try bundle.merged(into: model) } throws: { "\($0)".contains("has no adapter to merge") }
    }
}
