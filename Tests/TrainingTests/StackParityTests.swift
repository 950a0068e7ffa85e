import Adapters
import Bundles
import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Training

/// Invertible adapters, stacks and masked language modelling against AdapterHub's `adapters` (stack_golden.py), on the
/// model, head and batches of `Golden`; dropout off, everything perturbed by N(0, 0.3).
@Suite struct StackParityTests {
    static let folder = Golden.folder.deletingLastPathComponent().appendingPathComponent("stack")
    /// The adapters of each case, the lowest first; what is trained last.
    static let cases: [(name: String, members: [(name: String, preset: String)])] = [
        ("seq_bn_inv", [("t", "seq_bn_inv")]),
        ("double_seq_bn_inv", [("t", "double_seq_bn_inv")]),
        ("stack", [("l", "seq_bn_inv"), ("t", "seq_bn")]),
        ("stack_inv_top", [("l", "seq_bn_inv"), ("t", "seq_bn_inv")]),
        ("stack_double", [("l", "double_seq_bn"), ("t", "double_seq_bn")]),
        ("stack_fuse", [("l", "seq_bn_inv"), ("a", "seq_bn"), ("b", "seq_bn")]),
    ]

    static func file(_ path: String) throws -> SafetensorsFile {
        try SafetensorsFile(folder.appendingPathComponent(path))
    }

    static func adapter(_ name: String, _ preset: String, in path: String) throws -> (Member, [NamedTensor]) {
        let member = Member(name: name, configuration: try .resolve(preset))
        let file = try file("\(path)/adapter.safetensors")
        let tensors = try member.specs(try Golden.model().architecture).map { spec in
            let theirs = try #require(Golden.torchName(spec.name, members: [name]), "\(spec.name)")
            #expect(try file.tensor(theirs).shape == spec.shape)
            return NamedTensor(spec.name, spec.shape, try file.floats(theirs))
        }
        return (member, tensors)
    }

    /// As a bundle of `train-language` or `train-adapter` would hold it.
    static func bundle(_ name: String, _ preset: String, in path: String) throws -> AdapterBundle {
        let (member, tensors) = try adapter(name, preset, in: path)
        return AdapterBundle(
            name: name,
            base: BaseIdentity(name: "tiny", fingerprint: nil, shape: try Golden.model().configuration),
            members: [member], composition: .leaf(name), tensors: tensors)
    }

    /// Through what the commands use: a language adapter beneath a recipe's arrangement.
    static func arrangement(_ test: (name: String, members: [(name: String, preset: String)])) throws -> Arrangement {
        var members = test.members
        var language: LanguageAdapter?
        if members.count > 1 {
            let own = members.removeFirst()
            language = try LanguageAdapter(bundle(own.name, own.preset, in: "\(test.name)/\(own.name)"))
        }
        let bundles = try members.map { try bundle($0.name, $0.preset, in: "\(test.name)/\($0.name)") }
        let recipe: Recipe =
            bundles.count > 1
            ? try .fusion(bundles, FusionConfiguration(value: true, regularization: 0, temperature: 1))
            : .adapter(bundles[0].members[0].configuration, from: bundles[0])
        var arrangement = try recipe.arrangement(
            model: Golden.model(), heads: [Golden.head], name: members[0].name)
        if let language { arrangement.stack(on: language) }
        let head = try Golden.file("head/model_head.safetensors")
        arrangement.trainable = try arrangement.trainable.map { spec in
            let theirs = try #require(Golden.torchName(spec.name, members: members.map(\.name)))
            if spec.name.hasPrefix("heads/") {
                return ParameterSpec(spec.name, spec.shape, .values(try head.floats(theirs)))
            }
            guard spec.name.hasPrefix("blocks/") else { return spec }
            let fusion = try file("\(test.name)/fusion/model_adapter_fusion.safetensors")
            return ParameterSpec(spec.name, spec.shape, .values(try fusion.floats(theirs)))
        }
        return arrangement
    }

    @Test(arguments: cases.map(\.name)) func logitsLossAndGradients(_ name: String) throws {
        let test = try #require(Self.cases.first { $0.name == name })
        let network = try Network(Self.arrangement(test), seed: 0)
        let plan = try Self.compare(network, Self.file("\(name).safetensors"))
        // Of a task's adapter in a stack the invertible part does nothing
        let idle = network.parameters.parameters.map(\.name).filter { $0.contains("afterEmbeddings") }
        let learns = plan.plan.parameters.contains { $0.name.contains("afterEmbeddings") }
        #expect(learns == (test.members.count == 1 && !idle.isEmpty))
    }

    /// Logits, loss and all gradients of the first batch against a case's file.
    @discardableResult
    static func compare(_ network: Network, _ file: SafetensorsFile) throws -> HeadPlan {
        let plan = try network.plan(head: 0, trains: true, baseDropout: false, headDropout: 0)
        let results = plan.plan.run(try Golden.batches()[0], workspace: Workspace(threads: 2))
        let logits = Difference(results.values(plan.output), try file.floats("logits"))
        #expect(logits.largest < 1e-4, "logits: \(logits)")
        #expect(abs(results.values(plan.loss).reduce(0, +) - (try file.floats("loss"))[0]) < 1e-5)
        var compared = Set<String>()
        for parameter in plan.plan.parameters {
            let theirs = "grad." + (try #require(Golden.torchName(parameter.name, members: ["a", "b"])))
            compared.insert(theirs)
            expectEqual(parameter, try file.floats(theirs))
        }
        let all = Set(file.tensors.keys.filter { $0.hasPrefix("grad.") })
        #expect(compared == all, "\(all.symmetricDifference(compared).sorted())")
        return plan
    }

    static func expectEqual(_ parameter: Parameter, _ theirs: [Float]) {
        let difference = Difference(parameter.gradientArray, theirs)
        if difference.scale < 1e-9 {
            #expect(difference.largest < 1e-6, "\(parameter.name): \(difference)")
        } else {
            #expect(difference.relative < 1e-3, "\(parameter.name): \(difference)")
        }
    }

    @Test(arguments: cases.map(\.name)) func fiftySteps(_ name: String) throws {
        let test = try #require(Self.cases.first { $0.name == name })
        let network = try Network(Self.arrangement(test), seed: 0)
        let plan = try network.plan(head: 0, trains: true, baseDropout: false, headDropout: 0)
        try Self.follow(network, plan.training, try Golden.batches(), try Self.file("\(name).safetensors"))
    }

    static func follow(_ network: Network, _ plan: LossPlan, _ batches: [PackedBatch], _ file: SafetensorsFile) throws {
        let workspace = Workspace(threads: 2)
        var settings = AdamW.Settings()
        settings.decaysAll = true
        let optimizer = AdamW(network.parameters, settings: settings, pool: workspace.pool)
        let rate = try file.floats("step_lr")[0]
        var ours: [Float] = []
        for step in 0..<50 {
            ours.append(Float(plan.step(batches[step % 5], workspace: workspace, stepKey: nil)))
            optimizer.step(plan.plan.parameters, rate: rate, clip: 0)
        }
        let difference = Difference(ours, try file.floats("step_losses"))
        #expect(difference.largest < 1e-3, "\(difference)")
    }
}

/// The head that tells masked pieces, and the adapter beneath it.
@Suite struct MaskedLanguageParityTests {
    private static let names: [(ours: String, theirs: String)] = [
        ("mlm/dense.weight", "heads.m.0.weight"), ("mlm/dense.bias", "heads.m.0.bias"),
        ("mlm/norm.weight", "heads.m.2.weight"), ("mlm/norm.bias", "heads.m.2.bias"), ("mlm/bias", "heads.m.3.bias"),
    ]

    private func head() throws -> [NamedTensor] {
        let model = try Golden.model().configuration
        let file = try StackParityTests.file("mlm_head/model_head.safetensors")
        return try MaskedLanguageHead.specs(hidden: model.hidden, vocabulary: model.vocabulary).map { spec in
            let theirs = try #require(Self.names.first { $0.ours == spec.name }?.theirs)
            return NamedTensor(spec.name, spec.shape, try file.floats(theirs))
        }
    }

    private func batches() throws -> [PackedBatch] {
        let (inputs, targets) = (try Golden.file("batches.safetensors"), try StackParityTests.file("mlm.safetensors"))
        return try (0..<5).map { b in
            let (ids, types) = (
                try inputs.int64s("batch\(b).input_ids"), try inputs.int64s("batch\(b).token_type_ids")
            )
            let (mask, wanted) = (
                try inputs.int64s("batch\(b).attention_mask"), try targets.int64s("batch\(b).targets")
            )
            let length = ids.count / 8
            let real = (0..<8).map { row in (0..<length).map { row * length + $0 }.filter { mask[$0] == 1 } }
            return PackedBatch(
                real.enumerated().map { row, places in
                    (
                        places.map { Int32(ids[$0]) }, places.map { Int32(types[$0]) },
                        SequenceRow(example: UInt64(row))
                    )
                }, targets: [0: Self.targets(real.joined().map { Int32(wanted[$0]) })])
        }
    }

    /// Tokens with a wanted id are marked.
    private static func targets(_ wanted: [Int32]) -> HeadTargets {
        let marks = wanted.indices.filter { wanted[$0] >= 0 }
        return HeadTargets(.classes(marks.map { wanted[$0] }), marks: marks.map { Int32($0) })
    }

    private func table(_ pieces: [Int32]? = nil) throws -> MaskedCrossEntropy.TokenTable {
        let embedding = try #require(try Golden.model().weight(Golden.model().architecture.wordTable))
        return MaskedCrossEntropy.TokenTable(pieces ?? (0..<Int32(embedding.shape[0])).map { $0 }, of: embedding)
    }

    private func network(_ test: String) throws -> Network {
        var arrangement = Arrangement(model: try Golden.model())
        if test == "mlm_head" {
            arrangement.trainable = try head().map { ParameterSpec($0.name, $0.shape, .values($0.values)) }
        } else {
            for tensor in try head() { arrangement.frozen[tensor.name] = Weight(tensor.values, shape: tensor.shape) }
            let (member, tensors) = try StackParityTests.adapter("l", "seq_bn_inv", in: "mlm/l")
            arrangement.members = [member]
            arrangement.composition = .leaf("l")
            arrangement.trainable = tensors.map { ParameterSpec($0.name, $0.shape, .values($0.values)) }
        }
        return try Network(arrangement, seed: 0)
    }

    private func theirs(_ name: String) throws -> String {
        try #require(Self.names.first { $0.ours == name }?.theirs ?? Golden.torchName(name, members: ["l"]))
    }

    @Test(arguments: ["mlm", "mlm_head"]) func lossAndGradients(_ test: String) throws {
        let file = try StackParityTests.file("\(test).safetensors")
        let pieces = try StackParityTests.file("mlm.safetensors").int64s("pieces").map { Int32($0) }
        for (table, suffix) in [(try table(), ""), (try table(pieces), "_pieces")]
        where file.tensors["loss\(suffix)"] != nil {
            let network = try network(test)
            let plan = try network.languagePlan(table, head: 0, trains: true, baseDropout: false)
            let loss = plan.training.step(try batches()[0], workspace: Workspace(threads: 2), stepKey: nil)
            #expect(abs(loss - Double(try file.floats("loss\(suffix)")[0])) < 1e-5)
            #expect(plan.plan.parameters.count == network.parameters.parameters.count)
            for parameter in plan.plan.parameters {
                StackParityTests.expectEqual(parameter, try file.floats("grad\(suffix).\(try theirs(parameter.name))"))
            }
        }
    }

    @Test(arguments: ["mlm", "mlm_head"]) func fiftySteps(_ test: String) throws {
        let network = try network(test)
        let plan = try network.languagePlan(table(), head: 0, trains: true, baseDropout: false)
        try StackParityTests.follow(network, plan.training, batches(), StackParityTests.file("\(test).safetensors"))
    }

    /// The inverse undoes the forward, and both are the library's.
    @Test func inverse() throws {
        let file = try StackParityTests.file("nice.safetensors")
        let network = try Network(
            StackParityTests.arrangement(try #require(StackParityTests.cases.first { $0.name == "stack" })), seed: 0)
        let (x, hidden) = (try file.floats("x"), try Golden.model().configuration.hidden)
        let rows = x.count / hidden
        /// What the plugin makes of x at a site.
        func run(_ kinds: [Site.Kind]) throws -> [Float] {
            let builder = PlanBuilder()
            let table = Weight(x, shape: [rows, hidden])
            let zeros = Weight([Float](repeating: 0, count: hidden), shape: [1, hidden])
            var value = builder.append(
                Embedding(
                    words: .frozen(table), positions: .frozen(zeros), types: .frozen(zeros), firstPosition: 0,
                    in: builder))
            for kind in kinds {
                let context = SiteContext(Site(kind), value, in: builder)
                guard case .replacement(let made)? = try network.plugin().delta(at: Site(kind), context) else {
                    Issue.record("nothing at \(kind)")
                    return []
                }
                value = made
            }
            let plan = Plan(builder, outputs: [value], trains: false)
            let batch = PackedBatch((0..<rows).map { ([Int32($0)], [0], SequenceRow(example: UInt64($0))) })
            let workspace = Workspace(threads: 1)
            return Array(plan.run(batch, workspace: workspace).values(value))
        }
        let forward = Difference(try run([.afterEmbeddings]), try file.floats("y"))
        #expect(forward.largest < 1e-5, "\(forward)")
        #expect(Difference(try run([.beforeOutputEmbeddings]), try file.floats("x_inverse")).largest < 1e-5)
        #expect(Difference(try run([.afterEmbeddings, .beforeOutputEmbeddings]), x).largest < 1e-5)
        #expect(Difference(try run([.beforeOutputEmbeddings, .afterEmbeddings]), x).largest < 1e-5)
    }
}
