import Adapters
import Bundles
import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Training

/// What every method must hold to, whatever it is: the suite runs over the registry.
@Suite struct EveryMethodTests {
    private func network(_ preset: String, _ base: TestBase, _ overrides: [String] = []) throws -> Network {
        let head = Golden.head
        let network = try Network(
            Recipe.adapter(try .resolve(preset, overrides: overrides), from: nil).arrangement(
                model: base.model(), heads: [head], name: "t"),
            seed: 3)
        // Away from the start, where much is zero or one
        for parameter in network.parameters.parameters {
            let key = Randomness.key(11, Randomness.hash(parameter.name))
            for i in 0..<parameter.count { parameter.values[i] += 0.2 * Randomness.normal(key, i) }
        }
        return network
    }

    /// The largest error of a gradient: its slope along random directions of each tensor against central differences,
    /// dropout on. A direction has all entries, so that a missing part of a gradient shows, and so does one of zeros.
    /// - Parameter change: what is done to the computed gradient of a tensor before it is compared.
    private func gradientErrors(
        _ preset: String, _ base: TestBase, _ overrides: [String] = [], _ change: (inout [Float]) -> Void = { _ in }
    ) throws -> [(name: String, error: String?)] {
        let network = try network(preset, base, overrides)
        let plan = try network.plan(head: 0, trains: true)
        let workspace = Workspace(threads: 1)
        let batch = try base.batches()[1]
        _ = plan.step(batch, workspace: workspace, stepKey: 5)
        let gradients = network.parameters.parameters.map { parameter in
            var gradient = parameter.gradientArray
            change(&gradient)
            return gradient
        }
        let hasMagnitudes = network.arrangement.members[0].configuration.fields["use_dora"] == .bool(true)
        return zip(network.parameters.parameters, gradients).map { parameter, gradient in
            let before = parameter.array
            // To the gradients of A and B, DoRA's norms are constants: they are kept within a step
            let keepsDerived = hasMagnitudes && (parameter.name.hasSuffix("/A") || parameter.name.hasSuffix("/B"))
            if keepsDerived { _ = plan.plan.run(batch, workspace: workspace, stepKey: 5, endsStep: false) }
            for trial in 0..<3 {
                let key = Randomness.key(17, Randomness.hash(parameter.name), UInt64(trial))
                var direction = (0..<parameter.count).map { Double(Randomness.normal(key, $0)) }
                let length = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
                for i in direction.indices { direction[i] /= length }
                let expected = zip(gradient, direction).reduce(0.0) { $0 + Double($1.0) * $1.1 }
                func loss(_ distance: Double) -> Double {
                    for i in 0..<parameter.count { parameter.values[i] = before[i] + Float(distance * direction[i]) }
                    defer { for i in 0..<parameter.count { parameter.values[i] = before[i] } }
                    guard keepsDerived else { return plan.step(batch, workspace: workspace, stepKey: 5) }
                    let results = plan.plan.run(
                        batch, workspace: workspace, stepKey: 5, accumulates: true, endsStep: false)
                    return results.values(plan.loss).reduce(0) { $0 + Double($1) }
                }
                // A long step has less of float32's rounding, a short one crosses fewer kinks of a ReLU: one must agree
                let slopes = [16e-3, 4e-3, 1e-3].map { (loss($0) - loss(-$0)) / (2 * $0) }
                if !slopes.contains(where: { abs($0 - expected) < 1e-4 + 0.01 * abs(expected) }) {
                    return (parameter.name, "slopes \(slopes), expected \(expected)")
                }
            }
            return (parameter.name, nil)
        }
    }

    @Test(arguments: AdapterMethods.presetNames, TestBase.allCases) func gradients(_ preset: String, _ base: TestBase)
        throws
    {
        for (name, error) in try gradientErrors(preset, base) { #expect(error == nil, "\(name)") }
    }

    /// Variants with dropout of their own, which changes their form.
    @Test(arguments: ["dora", "pissa", "lora_plus", "vera"], TestBase.allCases) func gradientsWithDropout(
        _ preset: String, _ base: TestBase
    ) throws {
        for (name, error) in try gradientErrors(preset, base, ["dropout=0.3", "targets=all"]) {
            #expect(error == nil, "\(name)")
        }
    }

    /// Options that change a method's form, with dropout and gates.
    @Test(
        arguments: [
            ["seq_bn", "dropout=0.3", "use_gating=true", "scaling=learned", "ln_before=true", "ln_after=true"],
            ["double_seq_bn", "scaling=channel", "original_ln_after=false", "ln_after=true", "non_linearity=tanh"],
            ["seq_bn", "residual_before_ln=post_add", "original_ln_after=false", "dropout=0.2"],
            ["ia3", "targets=all", "feedforward_targets=attention_output,output,query"],
            ["par_bn", "use_gating=true", "original_ln_after=false"], ["lora", "use_gating=true", "dropout=0.3"],
            ["prefix_tuning_flat", "use_gating=true", "shared_gating=false", "dropout=0.2", "prefix_length=3"],
            ["prefix_tuning", "takes_positions=true", "prefix_length=3"],
            ["prompt_tuning", "insert_into=word_embeddings", "prompt_length=3"],
            ["prompt_tuning", "insert_into=word_embeddings", "prompt_length=3", "combine=prefix_after_bos"],
            ["loreft", "r=3", "prefix_positions=1", "suffix_positions=2", "non_linearity=tanh", "dropout=0.3"],
            ["loreft", "tied_weights=true", "suffix_positions=1", "layers=[0]"],
            ["compacter", "shared_phm_rule=false", "factorized_phm_rule=true", "factorized_phm_W=false"],
            ["compacter++", "phm_rank=2", "factorized_phm_rule=true", "scaling=learned", "dropout=0.2"],
            ["unipelt", #"configs=["loreft","compacter++",{"method":"vera","r":4}]"#],
            ["unipelt", #"configs=["ia3",{"method":"lora","targets":"all"},"par_bn","ln_tuning","prompt_tuning"]"#],
        ], TestBase.allCases) func gradientsOfOptions(_ configuration: [String], _ base: TestBase) throws
    {
        for (name, error) in try gradientErrors(configuration[0], base, Array(configuration.dropFirst())) {
            #expect(error == nil, "\(name)")
        }
    }

    /// The test above fails where half of the entries are missing, where a gradient is all zero, and where one is doubled.
    @Test(arguments: ["half", "zero", "double"]) func wrongGradientsAreFound(_ fault: String) throws {
        let errors = try gradientErrors("seq_bn", .bert, []) { gradient in
            switch fault {
            case "half": for i in gradient.indices where i % 2 == 0 { gradient[i] = 0 }
            case "zero": for i in gradient.indices { gradient[i] = 0 }
            default: for i in gradient.indices { gradient[i] *= 2 }
            }
        }
        let missed = errors.filter { $0.error == nil }.map(\.name)
        // Along a random direction a small tensor's gradient can be too small to tell
        #expect(Double(missed.count) <= 0.1 * Double(errors.count), "missed: \(missed)")
    }

    /// A bundle of it reads back as it was, byte for byte, and predicts as the network that made it.
    @Test(arguments: AdapterMethods.presetNames, TestBase.allCases) func bundles(_ preset: String, _ base: TestBase)
        throws
    {
        let network = try network(preset, base)
        let model = try base.model()
        let bundle = try network.bundle(
            name: "t", base: BaseIdentity(name: "tiny", fingerprint: nil, shape: model.configuration),
            provenance: Provenance())
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("amalgam-\(UUID().uuidString).h5")
        defer { try? FileManager.default.removeItem(at: url) }
        try BundleFile.write(bundle, to: url)
        let read = try BundleFile.read(url)
        #expect(read.tensors == bundle.tensors)
        #expect(try BundleFile.data(read) == Data(contentsOf: url))
        let workspace = Workspace(threads: 2)
        let batch = try base.batches()[0]
        let again = try Network(Arrangement(model: model, bundle: read), seed: 0).plan(head: 0, trains: false)
        let first = try network.plan(head: 0, trains: false)
        let logits = Array(first.plan.run(batch, workspace: workspace).values(first.output))
        #expect(Array(again.plan.run(batch, workspace: workspace).values(again.output)) == logits)
    }

    /// Bytes do not depend on threads, and the base has no gradient.
    @Test(arguments: AdapterMethods.presetNames, TestBase.allCases) func threadsAndFrozenBase(
        _ preset: String, _ base: TestBase
    ) throws {
        let batch = try base.batches()[2]
        let gradients = try [1, 2].map { threads in
            let network = try network(preset, base)
            let plan = try network.plan(head: 0, trains: true)
            _ = plan.step(batch, workspace: Workspace(threads: threads), stepKey: 9)
            #expect(plan.plan.parameters.allSatisfy { !$0.name.hasPrefix("base/") })
            return network.parameters.parameters.map(\.gradientArray)
        }
        #expect(gradients[0] == gradients[1])
    }
}
