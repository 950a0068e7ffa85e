import Adapters
import Bundles
import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Training

/// Averages, fusions of stacks, and blocks within blocks against AdapterHub's `adapters` (compose_golden.py), on the model,
/// head and batches of `Golden`; dropout off, everything perturbed by N(0, 0.3).
@Suite struct ComposeParityTests {
    static let folder = Golden.folder.deletingLastPathComponent().appendingPathComponent("compose")

    /// What each case composes; what learns besides the head.
    static let cases: [(name: String, tree: Composition, widths: [String: Int], learns: [String])] = [
        (
            "average", Composition(Average(weights: [0.7, 0.3]), [.leaf("a"), .leaf("b")]), ["b": 8],
            ["members/a", "members/b"]
        ),
        (
            "average_stacks",
            Composition(
                Average(weights: [0.25, 0.75]), [.stack([.leaf("l"), .leaf("a")]), .stack([.leaf("m"), .leaf("b")])]),
            [:], ["members/a", "members/b"]
        ),
        (
            "stack_average",
            .stack([.leaf("l"), Composition(Average(weights: [0.5, 0.5]), [.leaf("a"), .leaf("b")])]),
            [:], ["members/a", "members/b"]
        ),
        (
            "fuse_stacks",
            Composition(
                Fuse(FusionConfiguration(value: true, regularization: 0, temperature: 1)),
                [.stack([.leaf("l"), .leaf("a")]), .stack([.leaf("l"), .leaf("b")])]),
            [:], ["blocks/fuse"]
        ),
    ]

    static func arrangement(_ test: (name: String, tree: Composition, widths: [String: Int], learns: [String])) throws
        -> Arrangement
    {
        func file(_ path: String) throws -> SafetensorsFile {
            try SafetensorsFile(folder.appendingPathComponent("\(test.name)/\(path)"))
        }
        var arrangement = Arrangement(model: try Golden.model())
        let architecture = arrangement.model.architecture
        arrangement.heads = [Golden.head]
        arrangement.composition = test.tree
        arrangement.members = try test.tree.members.map { name in
            let preset = test.name == "average" ? "seq_bn" : "double_seq_bn"
            let width = test.widths[name].map { ["reduction_factor=\($0)"] } ?? []
            return Member(name: name, configuration: try .resolve(preset, overrides: width))
        }
        let head = try Golden.file("head/model_head.safetensors")
        let specs =
            try arrangement.members.flatMap { try $0.specs(architecture) }
            + test.tree.blockSpecs(arrangement.members, architecture)
            + Golden.head.head.specs(hidden: arrangement.model.configuration.hidden, scope: Golden.head.scope)
        for spec in specs {
            let parts = spec.name.split(separator: "/")
            let name = try #require(
                Golden.torchName(spec.name, members: parts[0] == "blocks" ? ["a", "b"] : [String(parts[1])]))
            let source =
                switch parts[0] {
                case "members": try file("\(parts[1])/adapter.safetensors")
                case "blocks": try file("fusion/model_adapter_fusion.safetensors")
                default: head
                }
            #expect(try source.tensor(name).shape == spec.shape)
            let values = try source.floats(name)
            if parts[0] == "heads" || test.learns.contains("\(parts[0])/\(parts[1])") {
                arrangement.trainable.append(ParameterSpec(spec.name, spec.shape, .values(values)))
            } else {
                arrangement.frozen[spec.name] = Weight(values, shape: spec.shape)
            }
        }
        return arrangement
    }

    @Test(arguments: cases.map(\.name)) func logitsLossAndGradients(_ name: String) throws {
        let test = try #require(Self.cases.first { $0.name == name })
        try StackParityTests.compare(
            Network(Self.arrangement(test), seed: 0),
            SafetensorsFile(Self.folder.appendingPathComponent("\(name).safetensors")))
    }

    @Test(arguments: cases.map(\.name)) func fiftySteps(_ name: String) throws {
        let test = try #require(Self.cases.first { $0.name == name })
        let network = try Network(Self.arrangement(test), seed: 0)
        let plan = try network.plan(head: 0, trains: true, baseDropout: false, headDropout: 0)
        try StackParityTests.follow(
            network, plan.training, try Golden.batches(),
            SafetensorsFile(Self.folder.appendingPathComponent("\(name).safetensors")))
    }

    /// A fusion of single adapters runs as one wide product; adapters that learn go the general way. Both are one function.
    @Test func bothFormsOfAFusionAgree() throws {
        let wide = try Golden.arrangement("fusion2_double")
        var general = wide
        for member in wide.members {
            for spec in try member.specs(wide.model.architecture) {
                let weight = try #require(general.frozen[spec.name])
                general.frozen[spec.name] = nil
                general.trainable.append(ParameterSpec(spec.name, spec.shape, .values(weight.values)))
            }
        }
        let results = try [wide, general].map { arrangement -> (logits: [Float], gradients: [String: [Float]]) in
            let network = try Network(arrangement, seed: 0)
            let plan = try network.plan(head: 0, trains: true)
            let run = plan.plan.run(try Golden.batches()[0], workspace: Workspace(threads: 2), stepKey: 11)
            return (
                Array(run.values(plan.output)),
                Dictionary(plan.plan.parameters.map { ($0.name, Array($0.gradientArray)) }) { first, _ in first }
            )
        }
        // The same dropout of scores, too
        #expect(Difference(results[1].logits, results[0].logits).largest < 1e-5)
        for (name, gradient) in results[0].gradients {
            let difference = Difference(try #require(results[1].gradients[name]), gradient)
            // The key's bias shifts all scores alike, so only rounding is left of its gradient
            #expect(
                name.hasSuffix("key.bias") ? difference.largest < 1e-7 : difference.relative < 1e-4,
                "\(name): \(difference)")
        }
        #expect(results[1].gradients.keys.contains { $0.hasPrefix("members/a/") })
    }

    /// Two projections' averages merge into one weight.
    @Test func averagesOfLoRAMerge() throws {
        let model = try Golden.model()
        var bundle = AdapterBundle(
            name: "t", base: BaseIdentity(name: "tiny", fingerprint: nil, shape: model.configuration),
            members: try [("a", "rank=2"), ("b", "rank=3")].map {
                Member(name: $0.0, configuration: try .resolve("lora", overrides: [$0.1, "targets=all"]))
            }, composition: Composition(Average(weights: [0.3, 0.7]), [.leaf("a"), .leaf("b")]), heads: [Golden.head])
        var key: UInt64 = 5
        bundle.tensors = try bundle.specs(for: model.architecture).map { spec in
            key += 1
            return NamedTensor(
                spec.name, spec.shape, (0..<spec.count).map { (Randomness.uniform(key, $0) - 0.5) * 0.4 })
        }
        let head = bundle.heads[0].scope
        func logits(_ arrangement: Arrangement) throws -> [Float] {
            let network = try Network(arrangement, seed: 0)
            let plan = try network.plan(head: 0, trains: false)
            let run = plan.plan.run(try Golden.batches()[0], workspace: Workspace(threads: 1))
            return Array(run.values(plan.output))
        }
        var merged = Arrangement(model: model)
        merged.heads = bundle.heads
        for tensor in bundle.tensors where tensor.name.hasPrefix(head) {
            merged.frozen[tensor.name] = Weight(tensor.values, shape: tensor.shape)
        }
        for tensor in try bundle.merged(into: model) {
            merged.frozen[tensor.name] = Weight(tensor.values, shape: tensor.shape)
        }
        let difference = Difference(
            try logits(merged), try logits(Arrangement(model: model, bundle: bundle)))
        #expect(difference.largest < 1e-5 * max(1, difference.scale), "\(difference)")
        bundle.composition = .leaf("a")
        #expect(Difference(try logits(Arrangement(model: model, bundle: bundle)), try logits(merged)).largest > 1e-3)
    }

    /// Trained, saved, loaded: the same logits and the same bytes again.
    @Test func savedAndLoaded() throws {
        let network = try Network(
            Self.arrangement(try #require(Self.cases.first { $0.name == "fuse_stacks" })), seed: 0)
        let base = BaseIdentity(name: "tiny", fingerprint: nil, shape: network.arrangement.model.configuration)
        let bundle = try network.bundle(name: "t", base: base, provenance: Provenance())
        let data = try BundleFile.data(bundle)
        let read = try BundleFile.read(data, name: "t")
        #expect(read.kind == .fusion && read.composition == network.arrangement.composition)
        #expect(try BundleFile.data(read) == data)
        func logits(_ network: Network) throws -> [Float] {
            let plan = try network.plan(head: 0, trains: false)
            let run = plan.plan.run(try Golden.batches()[0], workspace: Workspace(threads: 1))
            return Array(run.values(plan.output))
        }
        let again = try Network(Arrangement(model: network.arrangement.model, bundle: read), seed: 0)
        #expect(try logits(again) == logits(network))

        // Taken into a larger tree, its blocks have other ids and the same tensors
        var composed = Composed()
        let part = try composed.take(read)
        let other = try composed.take(read)
        composed.finish(Composition.above("", Average(weights: [0.5, 0.5]), [part, other]))
        let twice = try composed.bundle(name: "x", base: base)
        #expect(
            twice.composition?.nodes.map(\.id) == [
                "average", "fuse", "stack", "stack_2", "fuse_2", "stack_3", "stack_4",
            ])
        var arrangement = Arrangement(model: network.arrangement.model, bundle: twice)
        arrangement.heads.removeLast()
        let difference = Difference(try logits(Network(arrangement, seed: 0)), try logits(network))
        #expect(difference.largest < 1e-4, "\(difference)")
    }
}
