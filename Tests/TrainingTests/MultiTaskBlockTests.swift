import Adapters
import Bundles
import Foundation
import Models
import Numerics
import Testing

@testable import Training

/// An adapter for each task: batches that mix tasks, against the tasks by themselves.
@Suite struct MultiTaskBlockTests {
    /// A shared adapter below one for two tasks together, and one for each of the others.
    private static let heads = [["class", "other"], ["tags"], ["number"]]
    private static var tree: Composition {
        let parts = (0..<3).map { _ in Recipe.newAdapter }
        return .stack([Recipe.newAdapter, Composition(MultiTask(heads: heads), parts)])
    }

    private func probe(_ settings: TrainingSettings = TrainingSettings(), preset: String = "seq_bn") throws
        -> MultitaskProbe
    {
        try MultitaskProbe(
            settings, recipe: .composition(Self.tree, of: Composed(), new: .resolve(preset)))
    }

    private func settings(_ mix: Mix, dropout: Bool = true) -> TrainingSettings {
        var settings = TrainingSettings()
        settings.mix = mix
        settings.baseDropout = dropout
        if !dropout { settings.headDropout = 0 }
        return settings
    }

    @Test func adaptersAndNames() throws {
        let network = try probe().network
        #expect(network.arrangement.members.map(\.name) == ["t", "class_other", "tags", "number"])
        #expect(
            network.arrangement.composition?.text
                == #"stack(t, multitask(class_other, tags, number, tasks=[["class", "other"], ["tags"], ["number"]]))"#)
    }

    /// Losses of a mixed batch are those of the tasks' own batches, and gradients their sums: of a task's own adapter the same
    /// to the last bit where it has the rows for itself, of what tasks share within sixteen roundings.
    @Test(arguments: ["seq_bn", "lora", "prefix_tuning", "bitfit"]) func sameAsTheTasksByThemselves(_ preset: String)
        throws
    {
        let probe = try probe(preset: preset)
        let (network, workspace) = (probe.network, Workspace(threads: 2))
        for parameter in network.parameters.parameters {
            let key = Randomness.key(11, Randomness.hash(parameter.name))
            for i in 0..<parameter.count { parameter.values[i] += 0.1 * Randomness.normal(key, i) }
        }
        let whole = TrainingStep([[5, 0, 39], [2, 11], [1, 0, 6, 7], [29]], epoch: 0)
        let separate = try StepPlans(network, tasks: probe.tasks, settings: settings(.batch))
        var losses = [Double?](repeating: nil, count: 4)
        var gradients: [String: [Double]] = [:]
        var only: [String: [Float]] = [:]
        for part in whole.parts {
            var examples = [[Int]](repeating: [], count: 4)
            examples[part.task] = part.examples
            let step = TrainingStep(examples, epoch: 0)
            let ran = separate.run(step, separate.batch(step, stepKey: 9), workspace: workspace, stepKey: 9)
            losses[part.task] = ran.heads[part.task]
            for parameter in separate.parameters(step) {
                let own = parameter.gradientArray
                only[parameter.name] = own
                let doubles = own.map { Double($0) }
                gradients[parameter.name] = gradients[parameter.name].map { zip($0, doubles).map(+) } ?? doubles
            }
        }
        let mixed = try StepPlans(network, tasks: probe.tasks, settings: settings(.within))
        let ran = mixed.run(whole, mixed.batch(whole, stepKey: 9), workspace: workspace, stepKey: 9)
        #expect(ran.heads == losses)
        #expect(mixed.parameters(whole).map(\.name).sorted() == gradients.keys.sorted())
        #expect(gradients.count == network.parameters.parameters.count)
        for parameter in mixed.parameters(whole) {
            let expected = try #require(gradients[parameter.name])
            let norm = expected.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let apart = zip(parameter.gradientArray, expected).reduce(0) { sum, pair in
                sum + (Double(pair.0) - pair.1) * (Double(pair.0) - pair.1)
            }.squareRoot()
            #expect(apart <= 1e-6 * norm + 1e-9, "\(parameter.name): \(apart) of \(norm)")
            if parameter.name.hasPrefix("members/tags/") || parameter.name.hasPrefix("members/number/") {
                #expect(parameter.gradientArray == only[parameter.name], "\(parameter.name)")
            }
        }
    }

    /// A step moves the adapters of its own tasks, and no other.
    @Test(arguments: [Mix.batch, .within]) func stepsMoveTheirOwnAdapters(_ mix: Mix) throws {
        let probe = try probe()
        let plans = try StepPlans(probe.network, tasks: probe.tasks, settings: settings(mix))
        let step = TrainingStep([[], [2, 11], [], []], epoch: 0)
        let members = Set(
            plans.parameters(step).filter { $0.name.hasPrefix("members/") }.map { TensorName.scope($0.name) })
        #expect(members == ["members/t", "members/tags"])
        #expect(!plans.parameters(step).contains { $0.name.hasPrefix("heads/class/") })
    }

    /// A fusion that the tasks share counts its regularizer once a step.
    @Test func regularizersCountOnce() throws {
        let bundles = try ["x", "y"].map { try ParallelTests.bundle($0, "seq_bn", .bert) }
        var composed = Composed()
        let parts = try bundles.map { try composed.take($0) }
        let tree = Composition.stack([
            .above("", Fuse(.dynamic), parts),
            Composition(MultiTask(heads: Self.heads), (0..<3).map { _ in Recipe.newAdapter }),
        ])
        let probe = try MultitaskProbe(recipe: .composition(tree, of: composed, new: .resolve("seq_bn")))
        let value = try #require(probe.network.parameters.parameters.first { $0.name.hasSuffix("value.weight") })
        for i in 0..<value.count { value.values[i] += 0.1 * Randomness.normal(3, i) }
        let whole = TrainingStep([[5], [2], [1], [29]], epoch: 0)
        let workspace = Workspace(threads: 1)
        func run(_ tasks: [Int], _ mix: Mix) throws -> (regularizers: Double, gradient: [Float]) {
            let plans = try StepPlans(probe.network, tasks: probe.tasks, settings: settings(mix, dropout: false))
            let step = TrainingStep(
                (0..<4).map { task in tasks.contains(task) ? whole.parts[task].examples : [] }, epoch: 0)
            let losses = plans.run(step, plans.batch(step, stepKey: 1), workspace: workspace, stepKey: 1)
            return (losses.regularizers, value.gradientArray)
        }
        let each = try (0..<4).map { try run([$0], .batch) }
        let mixed = try run([0, 1, 2, 3], .within)
        #expect(mixed.regularizers == each[0].regularizers && mixed.regularizers > 0)
        // Each by itself has the pull 2 λ (V − I) once
        let pull = value.array.enumerated().map { i, v in
            2 * 0.01 * (v - (i / value.shape[1] == i % value.shape[1] ? 1 : 0))
        }
        for i in 0..<value.count {
            let expected = each.reduce(0) { $0 + $1.gradient[i] } - 3 * pull[i]
            #expect(abs(mixed.gradient[i] - expected) < 1e-5, "\(i)")
        }
    }

    /// Stopped and resumed, on any number of threads: the same bytes.
    @Test(arguments: [Mix.batch, .within]) func resumedRuns(_ mix: Mix) throws {
        var settings = settings(mix)
        settings.epochs = 2
        func train(_ threads: Int) throws -> [NamedTensor] {
            let probe = try probe(settings)
            _ = try probe.trainer(threads: threads).run(nil, identity: probe.identity())
            return probe.network.tensors
        }
        let one = try train(1)
        #expect(try train(2) == one)
        let recipe = try Recipe.composition(Self.tree, of: Composed(), new: .resolve("seq_bn"))
        #expect(try MultitaskProbe.stopped(settings, after: [2, 3], recipe: recipe).tensors == one)
    }

    /// Trained, saved and loaded: each head reads its own adapters.
    @Test func savedAndLoaded() throws {
        let network = try probe().network
        let model = network.arrangement.model
        let bundle = try network.bundle(
            name: "t", base: BaseIdentity(name: "tiny", fingerprint: nil, shape: model.configuration),
            provenance: Provenance())
        let data = try BundleFile.data(bundle)
        let read = try BundleFile.read(data, name: "t")
        #expect(try BundleFile.data(read) == data)
        let again = try Network(Arrangement(model: model, bundle: read), seed: 0)
        let workspace = Workspace(threads: 1)
        for (index, head) in bundle.heads.enumerated() where head.head.input != .marked {
            let place = try #require(read.heads.firstIndex { $0.name == head.name })
            func outputs(_ network: Network, _ head: Int) throws -> [Float] {
                let plan = try network.plan(head: head, trains: false)
                let run = plan.plan.run(try Golden.batches()[0], workspace: workspace)
                return Array(run.values(plan.output))
            }
            #expect(try outputs(again, place) == outputs(network, index))
        }
    }
}
