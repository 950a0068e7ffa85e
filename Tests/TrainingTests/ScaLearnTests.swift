import Adapters
import Bundles
import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Training

/// ScaLearn against its formula in PyTorch (scalearn_golden.py), on the model, head and batches of `Golden`, and in the forms that
/// no fixture has.
@Suite struct ScaLearnTests {
    private static let folder = Golden.folder.deletingLastPathComponent().appendingPathComponent("scalearn")
    private static let forms: [(name: String, block: ScaLearn)] = [
        ("vector", ScaLearn(dropout: 0)), ("uniform", ScaLearn(uniform: true, dropout: 0)),
        ("vector_shared", ScaLearn(shared: true, dropout: 0)),
        ("uniform_shared", ScaLearn(uniform: true, shared: true, dropout: 0)),
    ]

    /// A fixture's name for ω.
    private static func torchName(_ name: String) -> String {
        let parts = name.split(separator: "/")
        let place = name.contains("afterFeedForward") ? "output" : "attention.output"
        let layer = parts.count > 3 ? parts[3] : "0"
        return "bert.encoder.layer.\(layer).\(place).adapter_fusion_layer.a,b.omega"
    }

    /// [rows, columns] as [columns, rows].
    private static func transposed(_ values: [Float], columns: Int) -> [Float] {
        (0..<columns).flatMap { column in stride(from: column, to: values.count, by: columns).map { values[$0] } }
    }

    private static func network(_ block: ScaLearn, _ file: SafetensorsFile) throws -> Network {
        var arrangement = Arrangement(model: try Golden.model())
        let architecture = arrangement.model.architecture
        arrangement.heads = [Golden.head]
        arrangement.members = [
            Member(name: "a", configuration: try .resolve("double_seq_bn")),
            Member(name: "b", configuration: try .resolve("double_seq_bn", overrides: ["reduction_factor=8"])),
        ]
        let tree = Composition(block, [.leaf("a"), .leaf("b")])
        arrangement.composition = tree
        for member in arrangement.members {
            let own = try SafetensorsFile(folder.appendingPathComponent("\(member.name)/adapter.safetensors"))
            for spec in try member.specs(architecture) {
                let name = try #require(Golden.torchName(spec.name, members: [member.name]))
                arrangement.frozen[spec.name] = Weight(try own.floats(name), shape: spec.shape)
            }
        }
        for spec in try tree.blockSpecs(arrangement.members, architecture) {
            let theirs = try file.floats("omega.\(torchName(spec.name))")
            arrangement.trainable.append(
                ParameterSpec(spec.name, spec.shape, .values(transposed(theirs, columns: spec.shape[0]))))
        }
        let head = try Golden.file("head/model_head.safetensors")
        for spec in Golden.head.head.specs(hidden: architecture.configuration.hidden, scope: Golden.head.scope) {
            let name = try #require(Golden.torchName(spec.name, members: []))
            arrangement.trainable.append(ParameterSpec(spec.name, spec.shape, .values(try head.floats(name))))
        }
        return try Network(arrangement, seed: 0)
    }

    @Test(arguments: forms.map(\.name)) func logitsLossAndGradients(_ name: String) throws {
        let block = try #require(Self.forms.first { $0.name == name }).block
        let file = try SafetensorsFile(Self.folder.appendingPathComponent("\(name).safetensors"))
        let network = try Self.network(block, file)
        let plan = try network.plan(head: 0, trains: true, baseDropout: false, headDropout: 0)
        let workspace = Workspace(threads: 2)
        try withExtendedLifetime(workspace) {
            let run = plan.plan.run(try Golden.batches()[0], workspace: workspace)
            let logits = Difference(run.values(plan.output), try file.floats("logits"))
            #expect(logits.largest < 1e-4, "\(logits)")
            #expect(abs(run.values(plan.loss).reduce(0, +) - (try file.floats("loss"))[0]) < 1e-5)
        }
        #expect(plan.plan.parameters.count == file.tensors.keys.count { $0.hasPrefix("grad.") })
        for parameter in plan.plan.parameters {
            guard parameter.name.hasPrefix("blocks/") else {
                let theirs = try #require(Golden.torchName(parameter.name, members: []))
                StackParityTests.expectEqual(parameter, try file.floats("grad.\(theirs)"))
                continue
            }
            let theirs = try file.floats("grad.\(Self.torchName(parameter.name))")
            StackParityTests.expectEqual(parameter, Self.transposed(theirs, columns: parameter.shape[0]))
        }
        try StackParityTests.follow(network, plan.training, Golden.batches(), file)
    }

    /// What each adapter's scales are of all: the mean of |ω| over the columns.
    @Test(arguments: forms.map(\.name)) func sharesOfScales(_ name: String) throws {
        let block = try #require(Self.forms.first { $0.name == name }).block
        let file = try SafetensorsFile(Self.folder.appendingPathComponent("\(name).safetensors"))
        let places = try Self.network(block, file).scales()
        #expect(places.map(\.layer).max() == places.count / 2 - 1 && Set(places.map(\.site)).count == 2)
        for place in places {
            let scope = block.isShared ? "" : "\(place.site)/\(place.layer)/"
            let omega = try file.floats("omega.\(Self.torchName("blocks/scalearn/\(scope)scaling"))")
            let means = [omega.prefix(omega.count / 2), omega.suffix(omega.count / 2)].map { own in
                own.reduce(0.0) { $0 + abs(Double($1)) } / Double(own.count)
            }
            for (part, mean) in zip(["a", "b"], means) {
                #expect(abs((place.shares[part] ?? 0) - mean / (means[0] + means[1])) < 1e-6, "\(place)")
            }
        }
    }

    // MARK: - Against what it must equal

    private static let ends = ["targets=attention_output,output"]

    private static func bundle(
        _ tree: Composition, _ members: [(name: String, preset: String, overrides: [String])], _ base: TestBase
    ) throws -> AdapterBundle {
        let model = try base.model()
        var bundle = AdapterBundle(
            name: "t", base: BaseIdentity(name: "tiny", fingerprint: nil, shape: model.configuration),
            members: try members.map {
                Member(name: $0.name, configuration: try .resolve($0.preset, overrides: $0.overrides))
            }.sorted { $0.name < $1.name }, composition: tree, heads: [Golden.head])
        bundle.tensors = try bundle.specs(for: model.architecture).map { spec in
            // The same ω whatever the tree is
            let key = Randomness.key(3, Randomness.hash(String(spec.name.split(separator: "/").suffix(3).joined())))
            return NamedTensor(spec.name, spec.shape, (0..<spec.count).map { 0.2 * Randomness.normal(key, $0) })
        }
        return bundle
    }

    /// What learns again; nil: nothing.
    private static func network(_ bundle: AdapterBundle, _ base: TestBase, learning factor: Float? = 1) throws
        -> Network
    {
        guard let factor else { return try Network(Arrangement(model: base.model(), bundle: bundle), seed: 0) }
        var composed = Composed()
        let tree = try composed.take(bundle)
        let recipe = Recipe.composition(tree, of: composed)
        return try Network(
            recipe.arrangement(model: base.model(), heads: [Golden.head], name: "t", unfreezing: factor), seed: 1)
    }

    private static func logits(_ bundle: AdapterBundle, _ base: TestBase) throws -> [Float] {
        let plan = try network(bundle, base, learning: nil).plan(head: 0, trains: false)
        let workspace = Workspace(threads: 2)
        return try withExtendedLifetime(workspace) {
            Array(plan.plan.run(try base.batches()[1], workspace: workspace).values(plan.output))
        }
    }

    private static let members: [(name: String, preset: String, overrides: [String])] = [
        ("a", "double_seq_bn", []), ("b", "double_seq_bn", ["reduction_factor=8", "leave_out=[1]", "scaling=3"]),
        ("c", "seq_bn", ["reduction_factor=24"]),
    ]

    /// Frozen bottlenecks of several widths, some missing in a layer, as one network and one by one, and with ω that is frozen.
    @Test(arguments: forms.map(\.name), TestBase.allCases) func bothFormsAgree(_ name: String, _ base: TestBase) throws
    {
        let block = try #require(Self.forms.first { $0.name == name }).block
        let leaves = ["a", "b", "c"].map { Composition.leaf($0) }
        let wide = try Self.bundle(Composition(block, leaves), Self.members, base)
        let single = try Self.bundle(Composition(block, leaves.map { .stack([$0]) }), Self.members, base)
        let (a, b) = (try Self.logits(wide, base), try Self.logits(single, base))
        #expect(Difference(a, b).largest < 1e-5 * max(1, Difference(a, b).scale), "\(Difference(a, b))")
        let learning = try Self.network(wide, base)
        #expect(learning.parameters.parameters.contains { $0.name.hasPrefix("blocks/scalearn/") })
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("scalearn-\(UUID().uuidString).h5")
        defer { try? FileManager.default.removeItem(at: file) }
        try BundleFile.write(wide, to: file)
        let read = try BundleFile.read(file)
        #expect(try read.tensors == wide.tensors && Self.logits(read, base) == a)
    }

    /// Everything learns, with dropout on ω and in the model: of frozen and of trained adapters, of a stack and of LoRA.
    @Test(arguments: forms.map(\.name), TestBase.allCases) func gradients(_ name: String, _ base: TestBase) throws {
        let plain = try #require(Self.forms.first { $0.name == name }).block
        let block = ScaLearn(uniform: plain.isUniform, shared: plain.isShared)
        #expect(block.dropout == 0.3)
        let leaves = ["a", "b", "c"].map { Composition.leaf($0) }
        let bundles = try [
            Self.bundle(Composition(block, leaves), Self.members, base),
            Self.bundle(
                .stack([.leaf("a"), Composition(block, [.stack([.leaf("b"), .leaf("c")]), .leaf("l")])]),
                Self.members + [("l", "lora", Self.ends)], base),
        ]
        for bundle in bundles { try Slopes.expectEqual(Self.network(bundle, base), base.batches()[1]) }
        // Frozen adapters: only ω and the head learn
        let model = try base.model()
        let recipe = try Recipe.block(over: Self.members.map { try Self.bundle(.leaf($0.name), [$0], base) }) { _ in
            block
        }
        let network = try Network(recipe.arrangement(model: model, heads: [Golden.head], name: "t"), seed: 1)
        #expect(network.parameters.parameters.allSatisfy { !$0.name.hasPrefix("members/") })
        try Slopes.expectEqual(network, base.batches()[1])
    }

    /// ω is dropped once a step: the same on one and two threads, and otherwise in another step.
    @Test(arguments: [false, true]) func dropoutIsOfTheStep(_ isUniform: Bool) throws {
        let tree = Composition(ScaLearn(uniform: isUniform), ["a", "b", "c"].map { .leaf($0) })
        let bundle = try Self.bundle(tree, Self.members, .bert)
        func logits(_ key: UInt64?, threads: Int) throws -> [Float] {
            var composed = Composed()
            let tree = try composed.take(bundle)
            let network = try Network(
                Recipe.composition(tree, of: composed).arrangement(
                    model: Golden.model(), heads: [Golden.head], name: "t", unfreezing: 1), seed: 1)
            let plan = try network.plan(head: 0, trains: true, baseDropout: false, headDropout: 0)
            let workspace = Workspace(threads: threads)
            return try withExtendedLifetime(workspace) {
                Array(plan.plan.run(try Golden.batches()[0], workspace: workspace, stepKey: key).values(plan.output))
            }
        }
        let first = try logits(1, threads: 1)
        #expect(
            try first == logits(1, threads: 2) && first != logits(2, threads: 1) && first != logits(nil, threads: 1))
    }

    /// MiniLM's numbers with eight adapters, and where ω begins.
    @Test func sizesAndStart() throws {
        let minilm = try Architecture(
            ModelConfiguration(
                family: "bert", hidden: 384, layers: 6, heads: 12, intermediate: 1536, vocabulary: 30_522,
                positions: 512, types: 2))
        let names = (0..<8).map { "a\($0)" }
        let members = try names.map { Member(name: $0, configuration: try .resolve("seq_bn")) }
        for (form, count) in zip(Self.forms, [18_432, 48, 3_072, 8]) {
            let specs = try Composition(form.block, names.map { .leaf($0) }).blockSpecs(members, minilm)
            #expect(specs.reduce(0) { $0 + $1.count } == count, "\(form.name)")
        }
        let specs = try Composition(ScaLearn(), names.map { .leaf($0) }).blockSpecs(members, minilm)
        let buffer = try ParameterBuffer(specs, seed: 5)
        let values = withExtendedLifetime(buffer) { buffer.parameters[0].array }
        let mean = values.reduce(0, +) / Float(values.count)
        let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(values.count)).squareRoot()
        #expect(abs(mean - 0.25) < 1e-4 && abs(deviation - 0.001) < 1e-4, "\(mean), \(deviation)")
    }

    @Test func refuses() throws {
        for (words, expected) in [
            ("scalearn(a, dropout=1)", "a probability in 0..<1"), ("scalearn(a, uniform=2)", "true or false"),
            ("scalearn(a, rate=2)", "dropout, shared, uniform"),
        ] {
            #expect { try CompositionExpression(words) } throws: { "\($0)".contains(expected) }
        }
        let ia3 = Member(name: "i", configuration: try .resolve("ia3"))
        #expect {
            _ = try Composition(ScaLearn(), [.leaf("i")]).blockSpecs([ia3], Golden.model().architecture)
        } throws: { "\($0)".contains("adapter i: found method ia3, expected bottleneck") }
    }
}
