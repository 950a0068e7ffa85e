import Adapters
import Bundles
import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Training

/// Fusions that learn together with their adapters, against AdapterHub's `adapters` with all adapters unfrozen
/// (unfreeze_golden.py), on the model, head and batches of `Golden`. A run starts from a fusion bundle with the golden
/// weights, so these tests also show what `--init-from` takes of it.
@Suite struct UnfrozenFusionTests {
    private static let folder = Golden.folder.deletingLastPathComponent().appendingPathComponent("unfreeze")
    private static let fusion = FusionConfiguration(value: true, regularization: 0, temperature: 1)
    static let cases: [(name: String, tree: Composition, presets: [String: (String, [String])])] = [
        (
            "widths", .fuse(["a", "b"], fusion), ["a": ("seq_bn", []), "b": ("seq_bn", ["reduction_factor=8"])]
        ),
        (
            "stacks",
            Composition(Fuse(fusion), [.stack([.leaf("l"), .leaf("a")]), .stack([.leaf("l"), .leaf("b")])]),
            ["l": ("double_seq_bn", []), "a": ("double_seq_bn", []), "b": ("double_seq_bn", [])]
        ),
    ]

    /// The library's fusion as a bundle.
    static func bundle(_ name: String) throws -> AdapterBundle {
        let test = try #require(cases.first { $0.name == name })
        func file(_ path: String) throws -> SafetensorsFile {
            try SafetensorsFile(folder.appendingPathComponent("\(name)/\(path)"))
        }
        let model = try Golden.model()
        var bundle = AdapterBundle(
            name: "f", base: BaseIdentity(name: "tiny", fingerprint: nil, shape: model.configuration),
            members: try test.presets.keys.sorted().map { member in
                let preset = try #require(test.presets[member])
                return Member(name: member, configuration: try .resolve(preset.0, overrides: preset.1))
            }, composition: test.tree)
        bundle.tensors = try bundle.specs(for: model.architecture).map { spec in
            let parts = spec.name.split(separator: "/")
            let isMember = parts[0] == "members"
            let theirs = try #require(
                Golden.torchName(spec.name, members: isMember ? [String(parts[1])] : ["a", "b"]))
            let source = try file(
                isMember ? "\(parts[1])/adapter.safetensors" : "fusion/model_adapter_fusion.safetensors")
            return NamedTensor(spec.name, spec.shape, try source.floats(theirs))
        }
        return bundle
    }

    /// With the golden head.
    static func network(_ recipe: Recipe, unfreezing factor: Float? = 1) throws -> Network {
        var arrangement = try recipe.arrangement(
            model: Golden.model(), heads: [Golden.head], name: "t", unfreezing: factor)
        let head = try Golden.file("head/model_head.safetensors")
        for i in arrangement.trainable.indices where arrangement.trainable[i].name.hasPrefix(Golden.head.scope) {
            let name = try #require(Golden.torchName(arrangement.trainable[i].name, members: []))
            arrangement.trainable[i].initializer = .values(try head.floats(name))
        }
        return try Network(arrangement, seed: 0)
    }

    private static func network(_ name: String) throws -> Network {
        try network(.fusion([], nil, from: bundle(name)))
    }

    @Test(arguments: cases.map(\.name)) func logitsLossAndGradients(_ name: String) throws {
        try StackParityTests.compare(
            Self.network(name), SafetensorsFile(Self.folder.appendingPathComponent("\(name).safetensors")))
    }

    /// The library's own float32 is within 6e-6 of its float64 here.
    @Test(arguments: cases.map(\.name)) func fiftySteps(_ name: String) throws {
        let network = try Self.network(name)
        let plan = try network.plan(head: 0, trains: true, baseDropout: false, headDropout: 0)
        var settings = AdamW.Settings()
        settings.decaysAll = true
        try Parity.expectEqualSteps(
            network, plan, SafetensorsFile(Self.folder.appendingPathComponent("\(name).safetensors")), settings)
    }

    /// Slopes along random directions of each tensor against central differences, with all dropout.
    @Test(arguments: cases.map(\.name)) func gradients(_ name: String) throws {
        let test = try Self.network(name)
        try Slopes.expectEqual(test, Golden.batches()[1])
        #expect(test.parameters.parameters.contains { $0.name.hasPrefix("members/a/") })
    }

    /// The rate of the adapters is a factor of the run's, the fusion and the head have factor 1, and the identity has it.
    @Test func adaptersHaveARateOfTheirOwn() throws {
        let bundle = try Self.bundle("widths")
        let network = try Self.network(.fusion([bundle], nil), unfreezing: 0.25)
        for parameter in network.parameters.parameters {
            #expect(parameter.rateFactor == (parameter.name.hasPrefix("members/") ? 0.25 : 1), "\(parameter.name)")
        }
        var settings = TrainingSettings()
        settings.adapterRate = 1e-4
        settings.learningRate = 4e-4
        #expect(settings.adapterRateFactor == 0.25 && settings.json.contains("adapter_lr"))
        func identity(_ factor: Float?, _ settings: TrainingSettings) throws -> RunIdentity {
            RunIdentity(
                network: try Self.network(.fusion([bundle], nil), unfreezing: factor), kind: "fusion", name: "t",
                base: "",
                data: "", settings: settings, scheduler: "", tasks: [], tokenizer: "")
        }
        var frozen = settings
        frozen.adapterRate = nil
        let identities = try [identity(nil, frozen), identity(0.25, settings), identity(0.5, settings)].map(\.digest)
        #expect(Set(identities).count == 3)
        #expect(
            try identity(0.25, settings).difference(from: identity(nil, frozen))?.contains("--adapter-lr") == true)
    }

    /// What is written tells what it started from, and reads back with the same bytes; without changes, nothing is said.
    @Test func provenanceGoesThroughFiles() throws {
        var bundle = try Self.bundle("widths")
        #expect(!String(decoding: try BundleFile.data(bundle), as: UTF8.self).contains("started_from"))
        let recipe = try Recipe.fusion([bundle], nil)
        #expect(try recipe.startedFrom(unfreezes: false).isEmpty)
        let hash = bundle.contentHash(of: "members/a", configuration: bundle.members[0].configuration.json)
        let started = try recipe.startedFrom(unfreezes: true)
        #expect(started.keys.sorted() == ["members/a", "members/b"] && started["members/a"] == hash)
        bundle.provenance.startedFrom = started
        let read = try BundleFile.read(try BundleFile.data(bundle), name: "f")
        #expect(try read.provenance == bundle.provenance && BundleFile.data(read) == BundleFile.data(bundle))

        // In a larger tree its names are others
        var composed = Composed()
        let parts = [try composed.take(read), try composed.take(read)]
        composed.finish(Composition.above("", Average(weights: [0.5, 0.5]), parts))
        let twice = try composed.bundle(name: "x", base: read.base)
        #expect(
            twice.provenance.startedFrom.keys.sorted() == ["members/a", "members/a_2", "members/b", "members/b_2"])
        #expect(twice.provenance.startedFrom["members/a_2"] == hash)
    }
}

/// `--init-from` for fusions: what is taken, and what is refused.
@Suite struct FusionStartTests {
    private let fusion: AdapterBundle
    private let parts: [AdapterBundle]

    init() throws {
        fusion = try UnfrozenFusionTests.bundle("widths")
        parts = try ["a", "b"].map { name in
            var part = try UnfrozenFusionTests.bundle("widths")
            part.name = name
            part.members = part.members.filter { $0.name == name }
            part.composition = .leaf(name)
            part.tensors = part.tensors.filter { $0.name.hasPrefix("members/\(name)/") }
            return part
        }
    }

    private func error(_ recipe: () throws -> Recipe) -> String? {
        do {
            _ = try UnfrozenFusionTests.network(recipe(), unfreezing: nil)
            return nil
        } catch { return "\(error)" }
    }

    @Test func startsWithTheTrainedTensors() throws {
        let wanted = Dictionary(uniqueKeysWithValues: fusion.tensors.map { ($0.name, $0.values) })
        for recipe in [
            try Recipe.fusion(parts, nil, from: fusion), try .fusion([], nil, from: fusion),
            try .fusion([fusion], nil, from: fusion),
        ] {
            let network = try UnfrozenFusionTests.network(recipe, unfreezing: nil)
            #expect(network.arrangement.composition == fusion.composition)
            let own = network.parameters.parameters.filter { $0.name.hasPrefix("blocks/") }
            #expect(!own.isEmpty && own.allSatisfy { $0.array == wanted[$0.name] })
            #expect(network.parameters.parameters.allSatisfy { !$0.name.hasPrefix("members/") })
            #expect(try recipe.startedFrom(unfreezes: false).keys.sorted() == ["blocks/fuse"])
        }
        // Names do not count, content does; in a composition, the new fusion is found
        var renamed = parts[0]
        renamed.members = [Member(name: "z", configuration: renamed.members[0].configuration)]
        renamed.composition = .leaf("z")
        renamed.tensors = renamed.tensors.map {
            NamedTensor("members/z" + $0.name.dropFirst("members/a".count), $0.shape, $0.values)
        }
        var composed = Composed()
        let leaves = [try composed.take(renamed), try composed.take(parts[1])]
        let tree = Composition.above("", Stack(), [leaves[0], .above("", Fuse(.dynamic), leaves)])
        let network = try UnfrozenFusionTests.network(
            .composition(tree, of: composed, fusionFrom: fusion), unfreezing: nil)
        let query = try #require(network.parameters["blocks/fuse/afterFeedForward/1/query.weight"])
        #expect(query.array == wanted[query.name])
    }

    @Test func refusals() throws {
        var changed = parts[1]
        changed.tensors[0].values[0] += 1
        let cases: [(recipe: () throws -> Recipe, words: String)] = [
            ({ try .fusion(parts, nil, from: parts[0]) }, "bundle a is of kind adapter, expected a fusion"),
            ({ try .fusion([parts[0]], nil, from: fusion) }, "is a fusion of a ("),
            ({ try .fusion([parts[0], changed], nil, from: fusion) }, "give the same adapters"),
            ({ try .fusion(parts.reversed(), nil, from: fusion) }, "in another order"),
            (
                {
                    var composed = Composed()
                    let leaves = [try composed.take(parts[0]), try composed.take(parts[1])]
                    let fuse = { Composition.above("", Fuse(.dynamic), leaves) }
                    return .composition(.above("", Stack(), [fuse(), fuse()]), of: composed, fusionFrom: fusion)
                }, "the composition has 2 new fusions, expected one"
            ),
            (
                {
                    var composed = Composed()
                    return .composition(try composed.take(parts[0]), of: composed, fusionFrom: fusion)
                }, "the composition has 0 new fusions, expected one"
            ),
        ]
        for (recipe, words) in cases {
            let text = try #require(error(recipe), "\(words)")
            #expect(text.contains(words) && text.hasPrefix("--init-from: "), "\(text)")
        }
        #expect(error { try .fusion(parts, .static, from: fusion) } == nil)
        var plain = fusion
        plain.composition = .fuse(["a", "b"], .static)
        plain.tensors.removeAll { $0.name.hasSuffix("/value.weight") }
        #expect(error { try .fusion(parts, .dynamic, from: plain) }?.contains("use --fusion static") == true)
        #expect(error { try .fusion(parts, nil, from: plain) } == nil)
    }
}
