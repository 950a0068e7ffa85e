import Bundles
import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Training

/// Loss balancers in training: bytes, resumed runs, gradients, and PyTorch's numbers.
@Suite struct BalancerTests {
    /// Those that compare tasks need steps of several.
    private static let runs = LossBalancers.builtIn.flatMap { type in
        Mix.allCases.map { (type.name, $0) }.filter {
            $0.1 == .within || !(type is any GradientBalancer.Type || type is any LossWatcher.Type)
        }
    }

    private func settings(_ balancer: String, _ mix: Mix) -> TrainingSettings {
        var settings = TrainingSettings()
        (settings.balancer, settings.mix, settings.seed) = (balancer, mix, 3)
        (settings.epochs, settings.batch, settings.learningRate) = (3, .examples(10), 3e-3)
        if balancer == "fixed" { settings.lossWeights = ["class": 1, "tags": 0.5, "number": 2, "other": 0.1] }
        return settings
    }

    /// What is trained must not depend on threads, and must depend on the setting.
    @Test(arguments: runs) func sameBytesOnAnyThreads(_ balancer: String, _ mix: Mix) throws {
        func tensors(_ threads: Int) throws -> ([NamedTensor], TrainingResult) {
            let probe = try MultitaskProbe(settings(balancer, mix))
            let result = try probe.trainer(threads: threads).run()
            return (probe.network.tensors, result)
        }
        let (one, result) = try tensors(1)
        for threads in [2, 4] {
            let (more, other) = try tensors(threads)
            #expect(more == one && other.losses == result.losses, "\(threads) threads")
        }
        #expect(result.losses.allSatisfy(\.isFinite) && result.weights.count == 4)
        if balancer == EqualBalancer.name { #expect(result.weights.values.allSatisfy { $0 == 1 }) }
    }

    /// Stopped and gone on, at any steps: the same as undisturbed, whichever state is kept.
    @Test(arguments: runs, Keep.allCases) func resumedRunsAreTheSame(_ run: (String, Mix), _ keep: Keep) throws {
        var settings = settings(run.0, run.1)
        settings.keep = keep
        let whole = try MultitaskProbe.stopped(settings, after: [])
        let stopped = try MultitaskProbe.stopped(settings, after: [1, 5, 0, 13])
        #expect(whole.tensors == stopped.tensors && whole.result.losses == stopped.result.losses)
        #expect(whole.result.weights == stopped.result.weights)
    }

    /// Each scheduler with each balancer, stopped in the middle of epochs and after them.
    @Test(arguments: TaskSchedulers.names, LossBalancers.names)
    func allSchedulersAndBalancersResume(_ scheduler: String, _ balancer: String) throws {
        var settings = settings(balancer, .within)
        (settings.epochs, settings.keep) = (2, .last)
        if scheduler == "given" {
            settings.scheduling.probabilities = ["class": 1, "tags": 2, "number": 3, "other": 1]
        }
        settings.scheduling.exhausted = scheduler == "uniform" ? .skip : .repeat
        let type = try #require(TaskSchedulers.named(scheduler))
        let whole = try MultitaskProbe.stopped(settings, after: [], scheduler: type, cosinesEvery: 4)
        let stopped = try MultitaskProbe.stopped(settings, after: [2, 9, 3], scheduler: type, cosinesEvery: 4)
        #expect(whole.tensors == stopped.tensors && whole.result.losses == stopped.result.losses)
        #expect(whole.result.weights == stopped.result.weights && whole.result.examples == stopped.result.examples)
        #expect(whole.result.cosines == stopped.result.cosines && whole.result.cosines.count == 6)
    }

    /// Weights that are given multiply the losses and are what results show.
    @Test func fixedWeights() throws {
        var fixed = settings("fixed", .within)
        let weighted = try MultitaskProbe(fixed).trainer().run()
        #expect(weighted.weights == fixed.lossWeights)
        fixed.lossWeights = fixed.lossWeights.mapValues { _ in 1 }
        let probe = try MultitaskProbe(fixed)
        let ones = try probe.trainer().run()
        let equal = try MultitaskProbe(settings("equal", .within))
        #expect(try equal.trainer().run().losses == ones.losses && equal.network.tensors == probe.network.tensors)
        #expect(weighted.losses != ones.losses)
    }

    @Test func lossWeightsAreChecked() throws {
        func message(_ balancer: String, _ weights: [String: Double]) -> String? {
            do {
                _ = try LossBalancers.make(balancer, weights: weights, for: MultitaskProbe.heads)
                return nil
            } catch { return error.description }
        }
        let names = "class, tags, number, other"
        let all = ["class": 1.0, "tags": 0.5, "number": 2, "other": 0.1]
        #expect(message("fixed", all) == nil)
        #expect(
            message("fixed", [:]) == "--loss-weights: found nothing, expected a number for each task: \(names)")
        #expect(
            message("fixed", all.filter { $0.key != "other" })
                == "--loss-weights: found no number for other, expected a number for each task: \(names)")
        #expect(
            message("fixed", all.merging(["magic": 1]) { $1 })
                == "--loss-weights: found magic, expected tasks of this training: \(names)")
        #expect(
            message("fixed", all.merging(["tags": -2]) { $1 })
                == "--loss-weights: found tags=-2.0, expected numbers over 0, finite")
        #expect(
            message("equal", all)
                == "--loss-weights: found values for the balancer equal, expected none: they are for fixed")
    }

    /// Checkpoints of another balancer, mix or scheduler are refused by that name.
    @Test func checkpointsOfOtherSettings() throws {
        let mine = try MultitaskProbe(settings("uncertainty", .within)).identity()
        let others = [
            ("--balancer", try MultitaskProbe(settings("equal", .within)).identity()),
            ("--mix", try MultitaskProbe(settings("uncertainty", .batch)).identity()),
            ("--scheduler", try MultitaskProbe(settings("uncertainty", .within)).identity("uniform")),
        ]
        for (name, other) in others { #expect(mine.difference(from: other)?.hasPrefix("\(name): ") == true, "\(name)") }
    }

    /// s moves as its loss says, its kind decides the coefficient, and decay leaves it alone.
    @Test func logVariancesAreLearned() throws {
        var settings = settings("uncertainty", .within)
        settings.keep = .last
        let probe = try MultitaskProbe(settings)
        let start = probe.balancer.coefficients(probe.network.parameters, key: 0)
        #expect(start == [1, 1, 0.5, 1])
        let result = try probe.trainer().run()
        for head in MultitaskProbe.heads {
            let s = try #require(probe.network.parameters["balancer/\(head.name)/log_variance"])
            #expect(s.values[0] != 0)
            let weight = exp(-Double(s.values[0])) * (head.name == "number" ? 0.5 : 1)
            #expect(result.weights[head.name] == weight)
        }
        // Five classes start with a loss of about 1.6: over ½, so that s rises and the weight falls
        #expect((result.weights["tags"] ?? 1) < 1)
    }

    @Test func decayLeavesLogVariancesAlone() throws {
        let balancer = UncertaintyBalancer([BalancedTask(name: "a", output: .classes(["x", "y"]))])
        let buffer = try ParameterBuffer(balancer.specs + [ParameterSpec("w", [1], .ones)], seed: 0)
        buffer.values[0] = 1
        var adamw = AdamW.Settings()
        (adamw.decay, adamw.decaysAll, adamw.neverDecays) = (0.5, true, Set(balancer.specs.map(\.name)))
        // w = ½ has the gradient 0
        #expect(balancer.pull([0.5], buffer).moved.count == 1)
        AdamW(buffer, settings: adamw, pool: ThreadPool(threads: 1)).step(buffer.parameters, rate: 0.1, clip: 0)
        #expect(buffer.parameters[0].array == [1] && buffer.parameters[1].array[0] < 1)
    }

    /// The gradients of s against central differences of order four of the whole loss, with a step of 0.05: float32 losses
    /// have 1e-7 of noise, which becomes 4e-6, and h⁴ adds less.
    @Test(arguments: [[0, 0, 0, 0], [0.7, -0.4, 0.3, -1.1]] as [[Float]]) func gradients(_ start: [Float]) throws {
        let settings = settings("uncertainty", .within)
        let probe = try MultitaskProbe(settings)
        let plans = try StepPlans(probe.network, tasks: probe.tasks, settings: settings)
        let (parameters, workspace) = (probe.network.parameters, Workspace(threads: 2))
        let s = try MultitaskProbe.heads.map { try #require(parameters["balancer/\($0.name)/log_variance"]) }
        for (parameter, value) in zip(s, start) { parameter.values[0] = value }
        let step = TrainingStep([[5, 0, 39], [2, 11], [1, 6, 7], [29]], epoch: 0)
        func loss() -> Double {
            let batch = plans.batch(step, coefficients: probe.balancer.coefficients(parameters, key: 0), stepKey: 2)
            let losses = plans.run(step, batch, workspace: workspace, stepKey: 2)
            return losses.total + probe.balancer.pull(losses.heads, parameters).loss
        }
        _ = loss()
        let gradients = s.map { Double($0.gradient[0]) }
        for (i, parameter) in s.enumerated() {
            func at(_ offset: Float) -> Double {
                parameter.values[0] = start[i] + offset
                defer { parameter.values[0] = start[i] }
                return loss()
            }
            let h: Float = 0.05
            let slope = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * Double(h))
            #expect(abs(slope - gradients[i]) < 1e-4 * max(1, abs(slope)), "\(i): \(gradients[i]), slope \(slope)")
        }
    }

    /// T · softmax of normal numbers, which follow from the step's key alone.
    @Test func randomWeights() throws {
        let balancer = RandomBalancer(["a", "b", "c"].map { BalancedTask(name: $0, output: .numbers([.identity])) })
        let buffer = try ParameterBuffer(balancer.specs, seed: 1)
        var sums = [0.0, 0.0, 0.0]
        var last: [Double] = []
        for key in 0..<2000 as Range<UInt64> {
            let weights = balancer.coefficients(buffer, key: key)
            #expect(weights == balancer.coefficients(buffer, key: key) && weights != last)
            #expect(weights.allSatisfy { $0 > 0 } && abs(weights.reduce(0, +) - 3) < 1e-12)
            for i in 0..<3 { sums[i] += weights[i] }
            last = weights
        }
        // A weight's deviation is about 0.6
        #expect(sums.allSatisfy { abs($0 / 2000 - 1) < 0.06 }, "\(sums)")
    }

    // PyTorch (Tests/Golden/balancer_golden.py)

    private static let names = ["class", "tags", "number"]

    private func parts(_ golden: SafetensorsFile) throws -> [BatchPart] {
        try Self.names.enumerated().map { task, name in
            let sequences = try Golden.sequences(golden, "\(name).")
            switch name {
            case "number":
                let numbers = try golden.floats("number.targets")
                return BatchPart(sequences, targets: [task: HeadTargets(.numbers(numbers, width: 2))])
            case "tags":
                let targets = try golden.int64s("tags.targets")
                let tags = try Golden.places(golden, "tags.").joined().map { Int32(max(-1, targets[$0])) }
                return BatchPart(
                    sequences,
                    targets: [task: HeadTargets(.classes(tags), marks: tags.indices.map { Int32($0) })])
            default:
                let classes = try golden.int64s("class.targets").map { Int32($0) }
                return BatchPart(sequences, targets: [task: HeadTargets(.classes(classes))])
            }
        }
    }

    /// Twenty steps on one mixed batch: float32 against float64, so 1e-4 on losses, and on s, which moves by 1e-3 a step, 1e-6
    /// a step.
    @Test func asInPyTorch() throws {
        let golden = try SafetensorsFile(
            Golden.folder.deletingLastPathComponent().appendingPathComponent("balancers/uncertainty.safetensors"))
        let heads = [
            NamedHead("class", ClassificationHead(labels: ["0", "1", "2"], pooling: .first)),
            NamedHead("tags", TaggingHead(labels: (0..<5).map { "\($0)" })),
            NamedHead("number", RegressionHead(numbers: [.identity, .identity], pooling: .mean)),
        ]
        let balancer = try LossBalancers.make("uncertainty", for: heads)
        var arrangement = try Recipe.full.arrangement(model: Golden.model(), heads: heads, name: "t")
        arrangement.trainable = try arrangement.trainable.map { spec in
            guard spec.name.hasPrefix("heads/") else { return spec }
            let name = "head." + spec.name.dropFirst("heads/".count).replacing("/", with: ".")
            return ParameterSpec(spec.name, spec.shape, .values(try golden.floats(name)))
        }
        arrangement.trainable += zip(balancer.specs, try golden.floats("start")).map {
            ParameterSpec($0.name, $0.shape, .values([$1]), decays: $0.decays)
        }
        let network = try Network(arrangement, seed: 0)
        let plan = try network.plan(heads: [0, 1, 2], trains: true, mixes: true, baseDropout: false, headDropout: 0)
            .training
        let (parameters, workspace) = (network.parameters, Workspace(threads: 2))
        let s = try balancer.specs.map { try #require(parameters[$0.name]) }
        var adamw = AdamW.Settings()
        (adamw.decaysAll, adamw.neverDecays) = (true, Set(balancer.specs.map(\.name)))
        let optimizer = AdamW(parameters, settings: adamw, pool: workspace.pool)
        let parts = try parts(golden)
        let variances = try golden.floats("log_variances")
        for (step, expected) in try golden.floats("step_losses").enumerated() {
            let batch = PackedBatch(
                parts, marksSequences: true, coefficients: balancer.coefficients(parameters, key: 0))
            let losses = plan.sums(batch, workspace: workspace, stepKey: nil)
            let balance = balancer.pull(losses, parameters)
            let loss = losses.reduce(0, +) + balance.loss
            #expect(abs(loss - Double(expected)) < 1e-4 * abs(Double(expected)), "step \(step): \(loss), \(expected)")
            if step == 0 {
                let difference = Difference(s.map { $0.gradient[0] }, try golden.floats("gradient"))
                #expect(difference.relative < 1e-5, "\(difference)")
            }
            optimizer.step(plan.plan.parameters + balance.moved, rate: 1e-3, clip: 0)
            let difference = Difference(s.map { $0.values[0] }, variances[3 * step..<3 * step + 3])
            #expect(difference.largest < 1e-6 * Double(step + 1), "step \(step): \(difference)")
        }
    }

    @Test func unknownNamesListTheChoices() {
        var settings = TrainingSettings()
        settings.balancer = "magic"
        #expect(
            throws: TrainingError.setting(
                name: "--balancer", found: "magic", expected: LossBalancers.names.joined(separator: ", "))
        ) { try settings.validate() }
        #expect(Set(LossBalancers.names).count == LossBalancers.names.count)
    }
}
