import Bundles
import Files
import Adapters
import Foundation
import Models
import Numerics
import Testing

@testable import Training

/// Against AdapterHub's `adapters`, weights exchanged, dropout off, everything perturbed by N(0, 0.3).
@Suite struct AdaptersLibraryParityTests {
    static let cases = [
        "base", "seq_bn", "double_seq_bn", "par_bn", "fusion3", "fusion3_static", "fusion2_double", "full",
    ]

    private func network(_ name: String) throws -> (Network, HeadPlan) {
        let network = try Network(Golden.arrangement(name), seed: 0)
        return (network, try network.plan(head: 0, trains: true, baseDropout: false, headDropout: 0))
    }

    @Test func hiddenStatesOfEveryLayer() throws {
        let network = try Network(Golden.arrangement("base"), seed: 0)
        let (plan, hidden) = try network.hiddenStates()
        let workspace = Workspace(threads: 2)
        let results = plan.run(try Golden.batches()[0], workspace: workspace)
        let file = try Golden.file("base.safetensors")
        for (layer, value) in hidden.enumerated() {
            let difference = Difference(results.values(value), try file.floats("hidden.\(layer)"))
            #expect(difference.largest < 1e-4, "layer \(layer): \(difference)")
        }
    }

    @Test(arguments: cases) func logitsLossAndGradients(_ name: String) throws {
        let (network, plan) = try network(name)
        let workspace = Workspace(threads: 2)
        let results = plan.plan.run(try Golden.batches()[0], workspace: workspace)
        let file = try Golden.file("\(name).safetensors")
        let logits = Difference(results.values(plan.output), try file.floats("logits"))
        #expect(logits.largest < 1e-4, "logits: \(logits)")
        let loss = results.values(plan.loss).reduce(0, +)
        #expect(abs(loss - (try file.floats("loss"))[0]) < 1e-5)
        #expect(plan.plan.parameters.count == network.parameters.parameters.count, "some tensors have no gradient")
        for parameter in network.parameters.parameters {
            let theirs = try #require(
                Golden.torchName(parameter.name, members: network.arrangement.members.map(\.name)))
            let difference = Difference(parameter.gradientArray, try file.floats("grad.\(theirs)"))
            // a gradient that is zero in theory: only rounding is left of it
            if difference.scale < 1e-9 {
                #expect(difference.largest < 1e-6, "\(parameter.name): \(difference)")
            } else {
                #expect(difference.relative < 1e-3, "\(parameter.name): \(difference)")
            }
        }
    }

    /// 50 AdamW steps over five batches in turn, decay 0.01 on everything, no clipping, constant learning rate.
    @Test(arguments: cases) func fiftySteps(_ name: String) throws {
        let file = try Golden.file("\(name).safetensors")
        for curve in ["step", "soft_step"] where file.tensors["\(curve)_losses"] != nil {
            let (network, plan) = try network(name)
            if curve == "soft_step" {
                for parameter in network.parameters.parameters
                where parameter.name.hasPrefix("blocks/") && !parameter.name.contains("value") {
                    for i in 0..<parameter.count { parameter.values[i] /= 8 }
                }
            }
            let workspace = Workspace(threads: 2)
            var settings = AdamW.Settings()
            settings.decaysAll = true
            let optimizer = AdamW(network.parameters, settings: settings, pool: workspace.pool)
            let batches = try Golden.batches()
            let rate = try file.floats("\(curve)_lr")[0]
            var ours: [Float] = []
            for step in 0..<50 {
                ours.append(Float(plan.step(batches[step % 5], workspace: workspace, stepKey: nil)))
                optimizer.step(plan.plan.parameters, rate: rate, clip: 0)
            }
            let difference = Difference(ours, try file.floats("\(curve)_losses"))
            #expect(difference.largest < 1e-3, "\(curve): \(difference)")
        }
    }

    /// The value regulariser by itself: its loss and its gradient.
    @Test func fusionRegulariser() throws {
        var arrangement = try Golden.arrangement("fusion3")
        func regularization(_ strength: Float) {
            arrangement.composition = .fuse(
                ["a", "b", "c"], FusionConfiguration(value: true, regularization: strength, temperature: 1))
        }
        regularization(0.01)
        let with = try Network(arrangement, seed: 0)
        regularization(0)
        let without = try Network(arrangement, seed: 0)
        let workspace = Workspace(threads: 1)
        let batch = try Golden.batches()[0]
        let file = try Golden.file("fusion3.safetensors")
        let plan = try with.plan(head: 0, trains: true, baseDropout: false, headDropout: 0)
        let expected = try Double(file.floats("reg_loss")[0])
        #expect(abs(plan.plan.parameterLoss() - expected) < 1e-5 * expected)
        _ = plan.step(batch, workspace: workspace, stepKey: nil)
        _ = try without.plan(head: 0, trains: true, baseDropout: false, headDropout: 0)
            .step(batch, workspace: workspace, stepKey: nil)
        for (a, b) in zip(with.parameters.parameters, without.parameters.parameters) where a.name.contains("value") {
            let name = try #require(Golden.torchName(a.name, members: ["a", "b", "c"]))
            let difference = Difference(
                zip(a.gradientArray, b.gradientArray).map { $0 - $1 }, try file.floats("reg_grad.\(name)"))
            // the difference of two gradients carries their rounding
            #expect(difference.relative < 1e-3, "\(a.name): \(difference)")
        }
    }
}
