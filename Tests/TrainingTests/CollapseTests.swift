import Adapters
import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Bundles
@testable import Training

/// A composition that scales and adds adapters as one adapter, on the model and the batches of `Golden`.
@Suite struct CollapseTests {
    private typealias Part = (name: String, preset: String, overrides: [String])

    /// Adapters and blocks with random numbers.
    private static func bundle(_ expression: String, _ parts: [Part], _ base: TestBase = .bert) throws -> AdapterBundle
    {
        let model = try base.model()
        let tree = try CompositionExpression(expression).tree(new: .leaf("")) { name, _ in .leaf(name) }.numbered()
        var bundle = AdapterBundle(
            name: "t", base: BaseIdentity(name: "tiny", fingerprint: nil, shape: model.configuration),
            members: try parts.filter { tree.members.contains($0.name) }.map {
                Member(name: $0.name, configuration: try .resolve($0.preset, overrides: $0.overrides))
            }.sorted { $0.name < $1.name }, composition: tree, heads: [Golden.head])
        bundle.provenance.settings = #"{"lr":0.5}"#
        bundle.tensors = try bundle.specs(for: model.architecture).map { spec in
            let key = Randomness.key(3, Randomness.hash(spec.name))
            return NamedTensor(spec.name, spec.shape, (0..<spec.count).map { 0.2 * Randomness.normal(key, $0) })
        }
        return bundle
    }

    private static func logits(_ bundle: AdapterBundle, _ base: TestBase = .bert) throws -> [Float] {
        let plan = try Network(Arrangement(model: base.model(), bundle: bundle), seed: 0).plan(head: 0, trains: false)
        let workspace = Workspace(threads: 2)
        return try withExtendedLifetime(workspace) {
            Array(plan.plan.run(try base.batches()[1], workspace: workspace).values(plan.output))
        }
    }

    private static let bottlenecks: [Part] = [
        ("a", "seq_bn", []), ("b", "seq_bn", ["reduction_factor=8", "scaling=3"]),
        ("c", "seq_bn", ["reduction_factor=7", "leave_out=[1]"]), ("d", "seq_bn", ["mh_adapter=true"]),
    ]
    private static let ends = ["targets=attention_output,output"]
    private static let updates: [Part] = [
        ("a", "lora", ends + ["rank=3", "alpha=7"]), ("b", "lora", ends + ["rank=2", "rslora=true", "leave_out=[0]"]),
        ("q", "lora", ["rank=4"]),
    ]

    private static let cases: [(expression: String, parts: [Part], widths: [Int])] = [
        ("average(a, b, weights=[0.7, 0.3])", bottlenecks, [9, 9, 9]),
        ("scalearn(a, b, c)", bottlenecks, [15, 9, 15]),
        ("scalearn(a, b, uniform=true, shared=true)", bottlenecks, [9, 9, 9]),
        ("scalearn(scale(a, by=-2), average(b, c), a, shared=true)", bottlenecks, [18, 12, 18]),
        ("scalearn(a, d)", bottlenecks, [6, 6, 6]), ("scale(stack(d), by=0.5)", bottlenecks, [3, 3, 3]),
        ("average(a, b, q, weights=[0.5, 0.25, 0.25])", updates, []), ("scalearn(a, b)", updates, []),
        ("scalearn(a, b, uniform=true)", updates, []),
    ]

    /// Equal outputs; a scale that is wrong would show.
    @Test(arguments: cases.indices, TestBase.allCases) func equalOutputs(_ index: Int, _ base: TestBase) throws {
        let test = Self.cases[index]
        let bundle = try Self.bundle(test.expression, test.parts, base)
        let one = try BundleCollapse(bundle, file: "t.h5").run()
        #expect(one.kind == .adapter && one.members.count == 1 && one.heads == bundle.heads)
        let (before, after) = (try Self.logits(bundle, base), try Self.logits(one, base))
        let difference = Difference(after, before)
        #expect(difference.largest < 1e-5 * max(1, difference.scale), "\(difference)")
        var without = one
        for i in without.tensors.indices where without.tensors[i].name.hasPrefix("members/") {
            without.tensors[i].values = without.tensors[i].values.map { 0.9 * $0 }
        }
        #expect(Difference(try Self.logits(without, base), before).largest > 1e-3)
        // It reads back, and says what it was
        #expect(try BundleFile.read(BundleFile.data(one), name: "t").tensors == one.tensors)
        #expect(one.provenance.settings.contains(#""collapse":"#) && one.provenance.settings.contains(#""lr":0.5"#))
        let hidden = bundle.base.shape.hidden
        guard base == .bert, hidden == 48, !test.widths.isEmpty else { return }
        let widths = (0..<3).map { layer in
            one.tensors.first { $0.name.hasSuffix("afterFeedForward/\(layer)/down.weight") }?.shape[0]
        }
        #expect(widths == test.widths)
    }

    @Test(arguments: [
        ("fuse(a, b)", "found fuse(a, b", "a fusion attends anew for each token"),
        ("stack(a, b)", "found stack(a, b)", "reads what the ones below it add"),
        ("scalearn(a, stack(a, b))", "found stack(a, b)", "keep it"),
        ("average(a, g)", "adapter g: non_linearity: found", "as adapter a has"),
        ("average(a, p)", "adapter p: is_parallel: found true", "false, as adapter a has"),
        ("average(a, n)", "adapter n: configuration: found", "without norms"),
        ("average(a, i)", "adapter i: inv_adapter: found", "an invertible adapter"),
        ("average(a, l)", "adapter l: method: found lora", "expected bottleneck, as adapter a has"),
        ("average(v, v)", "adapter v: method: found ia3", "expected bottleneck or lora"),
        ("average(x, x)", "adapter x: use_dora: found true", "DoRA"),
        ("a", "found a bundle of kind adapter", "use the bundle as it is"),
    ]) func refusals(_ expression: String, _ found: String, _ words: String) throws {
        let parts: [Part] = [
            ("a", "seq_bn", []), ("b", "seq_bn", []), ("g", "seq_bn", ["non_linearity=tanh"]),
            ("p", "seq_bn", ["is_parallel=true", "original_ln_before=false"]), ("n", "seq_bn", ["ln_before=true"]),
            ("i", "seq_bn_inv", []), ("l", "lora", []), ("v", "ia3", []), ("x", "dora", []),
        ]
        let bundle = try Self.bundle(expression, parts)
        #expect { try BundleCollapse(bundle, file: "t.h5").run() } throws: { error in
            let text = "\(error)"
            return text.hasPrefix("t.h5: ") && text.contains(found) && text.contains(words)
        }
    }

    /// Rounding down in Python gives the same width: also for widths that divide nothing, and over the hidden width.
    @Test func reductionFactors() throws {
        for hidden in [48, 312, 384, 768, 1_024] {
            for width in 1...2 * hidden {
                let factor = ReductionFactor.of(width: width, hidden: hidden)
                #expect(Int(Double(hidden) / factor) == width, "\(hidden), \(width): \(factor)")
                // As Python's float floor division
                let quotient = (Double(hidden) - fmod(Double(hidden), factor)) / factor
                let floored = quotient.rounded(.down) + (quotient - quotient.rounded(.down) > 0.5 ? 1 : 0)
                #expect(Int(floored) == width, "\(hidden), \(width): \(factor)")
                #expect("\(factor)".count <= 6, "\(hidden), \(width): \(factor)")
            }
        }
        #expect(ReductionFactor.of(width: 96, hidden: 384) == 4)
    }
}
