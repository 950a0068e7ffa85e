import Adapters
import Bundles
import Files
import Models
import Numerics
import Testing

@testable import Training

/// LoRA that tasks share, with scales of each task's own.
@Suite struct MTLLoRATests {
    private func probe(_ settings: TrainingSettings = TrainingSettings(), mtl: Bool = true) throws -> MultitaskProbe {
        let configuration = try AdapterConfiguration.resolve("lora", overrides: ["targets=query,value", "rank=3"])
        let tree = mtl ? Composition(MTLLoRA(heads: nil), [Recipe.newAdapter]) : Recipe.newAdapter
        return try MultitaskProbe(settings, recipe: .composition(tree, of: Composed(), new: configuration))
    }

    private func settings(_ mix: Mix, dropout: Bool = true) -> TrainingSettings {
        var settings = TrainingSettings()
        (settings.mix, settings.seed, settings.epochs) = (mix, 3, 2)
        (settings.batch, settings.learningRate, settings.baseDropout) = (.examples(10), 3e-3, dropout)
        if !dropout { settings.headDropout = 0 }
        return settings
    }

    private static let step = TrainingStep([[5, 0, 39], [2, 11], [1, 6, 7], [29]], epoch: 0)

    @Test func tensorsAndNames() throws {
        let network = try probe().network
        #expect(
            network.arrangement.composition?.text == #"mtl_lora(t, tasks=["class", "tags", "number", "other"])"#)
        let scales = network.parameters.parameters.filter { $0.name.hasPrefix("blocks/mtl_lora/") }
        #expect(
            scales.count == 4 * 2 * network.arrangement.model.configuration.layers
                && scales.allSatisfy { $0.shape == [3] && $0.array == [1, 1, 1] })
        #expect(network.parameters["blocks/mtl_lora/query/0/scale_3"] != nil)
    }

    /// With scales of 1, it is one LoRA for all tasks; with others, task t's loss is that of a LoRA whose A has its rows scaled so.
    @Test(arguments: Mix.allCases) func isAScaledLoRA(_ mix: Mix) throws {
        let (ours, plain) = (try probe(), try probe(mtl: false))
        for parameter in ours.network.parameters.parameters where parameter.name.hasPrefix("members/") {
            let other = try #require(plain.network.parameters[parameter.name])
            let key = Randomness.key(11, Randomness.hash(parameter.name))
            for i in 0..<parameter.count {
                parameter.values[i] += 0.3 * Randomness.normal(key, i)
                other.values[i] = parameter.values[i]
            }
        }
        let workspace = Workspace(threads: 2)
        func losses(_ probe: MultitaskProbe) throws -> [Double?] {
            let plans = try StepPlans(probe.network, tasks: probe.tasks, settings: settings(mix))
            guard mix == .batch else {
                return plans.run(
                    Self.step, plans.batch(Self.step, stepKey: 7), workspace: workspace, stepKey: 7
                ).heads
            }
            return Self.step.parts.map { part in
                let one = TrainingStep([part], epoch: 0)
                return plans.run(one, plans.batch(one, stepKey: 7), workspace: workspace, stepKey: 7).heads[part.task]
            }
        }
        let shared = try losses(plain)
        #expect(try losses(ours) == shared)
        for parameter in ours.network.parameters.parameters where parameter.name.hasPrefix("blocks/") {
            let key = Randomness.key(12, Randomness.hash(parameter.name))
            for i in 0..<parameter.count { parameter.values[i] = 1 + Randomness.normal(key, i) }
        }
        let scaled = try losses(ours)
        let kept = plain.network.parameters.parameters.map(\.array)
        for task in 0..<4 {
            for a in plain.network.parameters.parameters where a.name.hasSuffix("/A") {
                let site = a.name.dropFirst("members/t/".count).dropLast(2)
                let scales = try #require(ours.network.parameters["blocks/mtl_lora/\(site)/scale_\(task)"]).array
                for row in 0..<3 { for i in 0..<a.shape[1] { a.values[row * a.shape[1] + i] *= scales[row] } }
            }
            let (one, expected) = (try #require(scaled[task]), try #require(try losses(plain)[task]))
            #expect(abs(one - expected) < 1e-5 * max(1, expected), "task \(task): \(one), \(expected)")
            #expect(try abs(one - #require(shared[task])) > 1e-4)
            for (parameter, values) in zip(plain.network.parameters.parameters, kept) {
                for i in values.indices { parameter.values[i] = values[i] }
            }
        }
    }

    /// The gradients of scales against central differences of order four.
    @Test func gradients() throws {
        let probe = try probe()
        for parameter in probe.network.parameters.parameters where !parameter.name.hasPrefix("heads/") {
            let key = Randomness.key(13, Randomness.hash(parameter.name))
            for i in 0..<parameter.count { parameter.values[i] += 0.3 * Randomness.normal(key, i) }
        }
        let plans = try StepPlans(probe.network, tasks: probe.tasks, settings: settings(.within, dropout: false))
        let workspace = Workspace(threads: 2)
        func loss() -> Double {
            plans.run(Self.step, plans.batch(Self.step, stepKey: 7), workspace: workspace, stepKey: 7).total
        }
        _ = loss()
        let scales = probe.network.parameters.parameters.filter { $0.name.hasPrefix("blocks/") }
        let gradients = scales.map(\.gradientArray)
        for (parameter, gradient) in zip(scales, gradients) {
            let start = parameter.values[1]
            func at(_ offset: Float) -> Double {
                parameter.values[1] = start + offset
                defer { parameter.values[1] = start }
                return loss()
            }
            // Float32 losses have 1e-7 of noise, which becomes 2e-6
            let h: Float = 0.1
            let slope = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * Double(h))
            #expect(abs(slope - Double(gradient[1])) < 2e-5, "\(parameter.name): \(gradient[1]), slope \(slope)")
        }
        #expect(gradients.joined().contains { abs($0) > 1e-3 })
    }

    /// A step moves the scales of its own tasks alone, and A and B by all of them.
    @Test(arguments: Mix.allCases) func stepsMoveTheirOwnScales(_ mix: Mix) throws {
        let probe = try probe()
        let plans = try StepPlans(probe.network, tasks: probe.tasks, settings: settings(mix))
        let names = plans.parameters(TrainingStep([[], [2, 11], [], []], epoch: 0)).map(\.name)
        #expect(names.contains("blocks/mtl_lora/query/0/scale_1") && names.contains("members/t/query/0/A"))
        #expect(!names.contains { $0.hasSuffix("scale_0") || $0.hasSuffix("scale_2") || $0.hasPrefix("heads/class/") })
    }

    @Test(arguments: ["equal", "pcgrad", "famo"]) func resumedRunsAreTheSame(_ balancer: String) throws {
        var settings = settings(.within)
        settings.balancer = balancer
        let configuration = try AdapterConfiguration.resolve("lora", overrides: ["rank=3"])
        let recipe = Recipe.composition(
            Composition(MTLLoRA(heads: nil), [Recipe.newAdapter]), of: Composed(), new: configuration)
        let whole = try MultitaskProbe.stopped(settings, after: [], recipe: recipe)
        let stopped = try MultitaskProbe.stopped(settings, after: [3, 9], recipe: recipe)
        #expect(whole.tensors == stopped.tensors && whole.result.losses == stopped.result.losses)
        #expect(whole.tensors.contains { $0.name.hasSuffix("scale_2") && $0.values.contains { $0 != 1 } })
    }

    @Test func whatItTakes() throws {
        func message(_ preset: String) -> String {
            do {
                _ = try MultitaskProbe(
                    recipe: .composition(
                        Composition(MTLLoRA(heads: nil), [Recipe.newAdapter]), of: Composed(), new: .resolve(preset)))
                return ""
            } catch { return "\(error)" }
        }
        #expect(message("seq_bn").contains("found method bottleneck in mtl_lora, expected LoRA"))
        #expect(message("dora").contains("found use_dora true in mtl_lora"))
        #expect(throws: BlockFault("parts", found: "2", expected: "one LoRA, which the tasks share")) {
            try MTLLoRA(BlockFields([:], children: 2))
        }
    }
}
