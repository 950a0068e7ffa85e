import Adapters
import Bundles
import Models
import Numerics
import Testing

@testable import Training

/// Bottlenecks with options within blocks.
@Suite struct BottleneckFormCompositionTests {
    /// Two adapters under a block with random numbers; learned scales are 4.
    private func logits(_ block: any CompositionBlock, _ overrides: [String]) throws -> [Float] {
        var arrangement = Arrangement(model: try Golden.model())
        arrangement.heads = [Golden.head]
        arrangement.members = try ["a", "b"].map {
            Member(name: $0, configuration: try .resolve("seq_bn", overrides: overrides))
        }
        let tree = Composition(block, [.leaf("a"), .leaf("b")])
        arrangement.composition = tree
        let architecture = arrangement.model.architecture
        let specs =
            try arrangement.members.flatMap { try $0.specs(architecture) }
            + tree.blockSpecs(arrangement.members, architecture)
            + Golden.head.head.specs(hidden: architecture.configuration.hidden, scope: Golden.head.scope)
        for spec in specs {
            let key = Randomness.key(5, Randomness.hash(spec.name))
            let values = (0..<spec.count).map {
                spec.name.hasSuffix("/scaling") ? 4 : 0.2 * Randomness.normal(key, $0)
            }
            arrangement.frozen[spec.name] = Weight(values, shape: spec.shape)
        }
        let plan = try Network(arrangement, seed: 0).plan(head: 0, trains: false)
        let workspace = Workspace(threads: 2)
        return try withExtendedLifetime(workspace) {
            Array(plan.plan.run(try Golden.batches()[0], workspace: workspace).values(plan.output))
        }
    }

    private let fuse = Fuse(FusionConfiguration(value: true, regularization: 0, temperature: 1))

    /// A fusion runs plain bottlenecks as one wide network, and others one by one. With a learned scale of 4, it computes what
    /// it does with the constant 4; a gate, a norm or another residual within the adapter makes a difference.
    @Test(arguments: ["learned", "channel"]) func fusion(_ scaling: String) throws {
        let (learned, constant) = (try logits(fuse, ["scaling=\(scaling)"]), try logits(fuse, ["scaling=4"]))
        let difference = Difference(learned, constant)
        #expect(difference.largest < 1e-5, "\(difference)")
        for option in ["use_gating=true", "ln_after=true", "ln_before=true"] {
            let other = try logits(fuse, ["scaling=4", option])
            #expect(other.allSatisfy(\.isFinite) && Difference(other, constant).largest > 1e-3, "\(option)")
        }
    }

    /// A prior adds its logarithms to the scores in both forms; equal shares change nothing.
    @Test func prior() throws {
        func fuse(_ prior: [Double]?) -> Fuse {
            Fuse(FusionConfiguration(value: true, regularization: 0, temperature: 1, prior: prior))
        }
        let plain = try logits(fuse(nil), ["scaling=4"])
        let wide = try logits(fuse([0.9, 0.1]), ["scaling=4"])
        let general = try logits(fuse([0.9, 0.1]), ["scaling=learned"])
        #expect(Difference(wide, general).largest < 1e-5)
        #expect(Difference(wide, plain).largest > 1e-3)
        #expect(Difference(try logits(fuse([2, 2]), ["scaling=4"]), plain).largest < 1e-5)
        #expect { try logits(fuse([1]), ["scaling=4"]) } throws: {
            "\($0)".contains("fuse: prior: found 1 number, expected 2, one for each child")
        }
    }

    /// An average sums what the adapters add, or what they make of the output; what ends the sublayer has no average.
    @Test func average() throws {
        let even = Average(weights: [0.5, 0.5])
        let difference = Difference(try logits(even, ["scaling=learned"]), try logits(even, ["scaling=4"]))
        #expect(difference.largest < 1e-5, "\(difference)")
        #expect(try logits(even, ["residual_before_ln=false"]).allSatisfy(\.isFinite))
        #expect { try logits(even, ["original_ln_after=false"]) } throws: {
            "\($0)".contains("cannot be a part of an average; use stack")
        }
        #expect { try logits(TokenSplit(lengths: [2, 100]), ["original_ln_after=false"]) } throws: {
            "\($0)".contains("cannot be a part of a split; use stack")
        }
        #expect(try logits(Stack(), ["original_ln_after=false"]).allSatisfy(\.isFinite))
    }
}
