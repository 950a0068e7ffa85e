import Adapters
import Bundles
import Foundation
import Models
import Numerics
import Testing

@testable import Training

/// Fusions over different methods: LoRA and VeRA at the ends of the blocks beside bottlenecks. No other library has them, so they are
/// compared with what they must equal.
@Suite struct MixedFusionTests {
    private static let ends = ["targets=attention_output,output"]
    private static let plain = FusionConfiguration(value: false, regularization: 0, temperature: 1)
    /// A bottleneck that reads the block's input, so that it sees the same in a fusion as in an average.
    private static let parallel = ["mh_adapter=true"]

    /// Adapters of random numbers under a tree.
    /// - Parameter isEven: queries are 0, so that all parts weigh the same
    private static func bundle(
        _ tree: Composition, _ members: [(name: String, preset: String, overrides: [String])], _ base: TestBase,
        isEven: Bool = false
    ) throws -> AdapterBundle {
        let model = try base.model()
        var bundle = AdapterBundle(
            name: "t", base: BaseIdentity(name: "tiny", fingerprint: nil, shape: model.configuration),
            members: try members.map {
                Member(name: $0.name, configuration: try .resolve($0.preset, overrides: $0.overrides))
            }.sorted { $0.name < $1.name }, composition: tree, heads: [Golden.head])
        bundle.tensors = try bundle.specs(for: model.architecture).map { spec in
            let key = Randomness.key(3, Randomness.hash(spec.name))
            let isQuery = spec.name.contains("/query.") && spec.name.hasPrefix("blocks/")
            return NamedTensor(
                spec.name, spec.shape,
                (0..<spec.count).map { isEven && isQuery ? 0 : 0.2 * Randomness.normal(key, $0) })
        }
        return bundle
    }

    private static func logits(_ bundle: AdapterBundle, _ base: TestBase) throws -> [Float] {
        let network = try Network(Arrangement(model: base.model(), bundle: bundle), seed: 0)
        let plan = try network.plan(head: 0, trains: false)
        let run = plan.plan.run(try base.batches()[1], workspace: Workspace(threads: 2))
        return Array(run.values(plan.output))
    }

    private static func expectEqual(_ a: AdapterBundle, _ b: AdapterBundle, _ base: TestBase) throws {
        let difference = Difference(try logits(a, base), try logits(b, base))
        #expect(difference.largest < 1e-5 * max(1, difference.scale), "\(difference)")
        var without = b
        without.members = []
        without.composition = nil
        without.tensors = b.tensors.filter { $0.name.hasPrefix("heads/") }
        #expect(Difference(try logits(without, base), try logits(a, base)).largest > 1e-2)
    }

    /// One adapter, or one twice: whatever the attention says, its weights sum to 1.
    @Test(arguments: [("lora", ends), ("vera", ends + ["r=8"]), ("compacter++", [])], TestBase.allCases)
    func aFusionOfOneIsThatOne(_ method: (preset: String, overrides: [String]), _ base: TestBase) throws {
        let member = ("a", method.preset, method.overrides)
        let alone = try Self.bundle(.leaf("a"), [member], base)
        try Self.expectEqual(Self.bundle(.fuse(["a"], Self.plain), [member], base), alone, base)
        try Self.expectEqual(Self.bundle(.fuse(["a", "a"], Self.plain), [member], base), alone, base)
    }

    /// With even attention, a fusion is an average; also on a language adapter, and with other ranks and widths. All bottlenecks
    /// read the block's input: in an average, others would read what the LoRA has added before.
    @Test(arguments: TestBase.allCases) func anEvenFusionIsAnAverage(_ base: TestBase) throws {
        let members = [
            ("a", "par_bn", Self.parallel + ["reduction_factor=2"]), ("b", "lora", Self.ends + ["rank=3", "alpha=7"]),
            ("c", "par_bn", Self.parallel + ["reduction_factor=16"]), ("l", "par_bn", Self.parallel),
        ]
        let names = ["a", "b", "c"]
        let average = Composition(Average(weights: [1.0 / 3, 1.0 / 3, 1.0 / 3]), names.map { .leaf($0) })
        let three = Array(members.prefix(3))
        try Self.expectEqual(
            Self.bundle(.fuse(names, Self.plain), three, base, isEven: true), Self.bundle(average, three, base), base)
        try Self.expectEqual(
            Self.bundle(.stack([.leaf("l"), .fuse(names, Self.plain)]), members, base, isEven: true),
            Self.bundle(.stack([.leaf("l"), average]), members, base), base)
    }

    /// Attention does weigh: with queries, another result than with even weights.
    @Test func attentionTellsThemApart() throws {
        let members = [("a", "par_bn", Self.parallel), ("b", "lora", Self.ends)]
        let tree = Composition.fuse(["a", "b"], Self.plain)
        let even = try Self.logits(Self.bundle(tree, members, .bert, isEven: true), .bert)
        #expect(Difference(try Self.logits(Self.bundle(tree, members, .bert), .bert), even).largest > 1e-3)
    }

    /// All of it learning, with dropout in the attention, in the LoRA and in the model.
    @Test(arguments: TestBase.allCases) func gradients(_ base: TestBase) throws {
        let members = [("a", "double_seq_bn", []), ("b", "lora", Self.ends + ["dropout=0.3"])]
        let bundle = try Self.bundle(.fuse(["a", "b"], .static), members, base)
        let network = try Network(
            Recipe.fusion([], nil, from: bundle).arrangement(
                model: base.model(), heads: [Golden.head], name: "t", unfreezing: 1), seed: 1)
        try Slopes.expectEqual(network, base.batches()[1])
        #expect(network.parameters.parameters.contains { $0.name.hasPrefix("members/b/feedForwardOutput/") })
    }

    @Test func goesThroughAFile() throws {
        let bundle = try Self.bundle(
            .fuse(["a", "b"]), [("a", "seq_bn", []), ("b", "lora", ["targets=output"])], .bert)
        let read = try BundleFile.read(try BundleFile.data(bundle), name: "t")
        #expect(try read == bundle && Self.logits(read, .bert) == Self.logits(bundle, .bert))
    }

    /// Each names the adapter, what it is, and why a fusion cannot attend over it.
    @Test(arguments: [
        ("lora", [], "it also acts on query, value, where blocks do not end; use targets=attention_output,output"),
        ("lora", ["targets=output,key"], "it also acts on key, where"),
        ("dora", ["targets=output"], "with use_dora, it rescales the projection"),
        ("ia3", [], "it multiplies keys, values and inner activations"),
        ("bitfit", [], "it shifts biases"), ("ln_tuning", [], "it shifts norms"),
        ("prefix_tuning", [], "read by the attention itself"), ("prompt_tuning", [], "among the tokens"),
    ]) func refusals(_ preset: String, _ overrides: [String], _ words: String) throws {
        let members = try [
            Member(name: "a", configuration: .resolve("seq_bn")),
            Member(name: "b", configuration: .resolve(preset, overrides: overrides)),
        ]
        let architecture = try Golden.model().architecture
        #expect { try Composition.fuse(["a", "b"]).blockSpecs(members, architecture) } throws: {
            "\($0)".hasPrefix(
                "adapter b: found method \(members[1].configuration.method), expected bottleneck, or lora")
                && "\($0)".contains(words)
        }
    }

    @Test func aBlockWithinAFusionHoldsBottlenecks() throws {
        let members = try [
            Member(name: "a", configuration: .resolve("seq_bn")),
            Member(name: "b", configuration: .resolve("lora", overrides: Self.ends)),
        ]
        let tree = Composition(Fuse(.dynamic), [.leaf("a"), .stack([.leaf("a"), .leaf("b")])])
        let architecture = try Golden.model().architecture
        #expect { try tree.blockSpecs(members, architecture) } throws: {
            "\($0)".hasPrefix(
                "stack(a, b): found method lora of adapter b in a block within a fusion, expected bottleneck")
        }
    }
}
