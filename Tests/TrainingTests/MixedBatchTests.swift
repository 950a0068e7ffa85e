import Bundles
import Models
import Numerics
import Testing

@testable import Training

/// Batches that hold examples of several tasks of all kinds.
@Suite struct MixedBatchTests {
    private static let step = TrainingStep([[5, 0, 39], [2, 11], [1, 0, 6, 7], [29]], epoch: 0)

    /// Whether the exact gradient is zero, and what is computed is rounding alone: a softmax does not change with a constant
    /// that is added to all keys.
    private static func isZero(_ parameter: Parameter) -> Bool { parameter.name.hasSuffix(".key.bias") }

    private func settings(_ mix: Mix, dropout: Bool) -> TrainingSettings {
        var settings = TrainingSettings()
        settings.mix = mix
        settings.baseDropout = dropout
        if !dropout { settings.headDropout = 0 }
        return settings
    }

    /// Losses and gradients of a mixed batch are those of the tasks' own batches together, dropout included.
    ///
    /// A row's values do not depend on its neighbors, so that the losses are the same to the last bit. Gradients are sums over
    /// rows in float32, in another order: 1e-6 of the tensor's norm is some sixteen roundings.
    @Test(arguments: [false, true]) func sameAsTheTasksByThemselves(dropout: Bool) throws {
        let probe = try MultitaskProbe(full: true)
        let (network, workspace) = (probe.network, Workspace(threads: 2))
        let key: UInt64 = 9
        let separate = try StepPlans(network, tasks: probe.tasks, settings: settings(.batch, dropout: dropout))
        var losses = [Double?](repeating: nil, count: 4)
        var gradients = [String: [Double]]()
        for part in Self.step.parts {
            var examples = [[Int]](repeating: [], count: 4)
            examples[part.task] = part.examples
            let step = TrainingStep(examples, epoch: 0)
            let ran = separate.run(
                step, separate.batch(step, stepKey: key), workspace: workspace, stepKey: key)
            losses[part.task] = ran.heads[part.task]
            for parameter in separate.parameters(step) {
                let own = parameter.gradientArray.map { Double($0) }
                gradients[parameter.name] = gradients[parameter.name].map { zip($0, own).map(+) } ?? own
            }
        }
        let mixed = try StepPlans(network, tasks: probe.tasks, settings: settings(.within, dropout: dropout))
        let ran = mixed.run(
            Self.step, mixed.batch(Self.step, stepKey: key), workspace: workspace, stepKey: key)
        #expect(ran.heads == losses)
        #expect(abs(ran.total - losses.reduce(0) { $0 + ($1 ?? 0) }) < 1e-12)
        #expect(mixed.parameters(Self.step).map(\.name).sorted() == gradients.keys.sorted())
        for parameter in mixed.parameters(Self.step) {
            let expected = try #require(gradients[parameter.name])
            let norm = expected.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let apart = zip(parameter.gradientArray, expected).reduce(0) { sum, pair in
                sum + (Double(pair.0) - pair.1) * (Double(pair.0) - pair.1)
            }.squareRoot()
            #expect(
                Self.isZero(parameter) ? norm < 1e-7 : norm > 0 && apart <= 1e-6 * norm,
                "\(parameter.name): \(apart) of \(norm)")
        }
    }

    /// Heads on the first token alone: the last layer computes those rows, and each head gathers its own.
    @Test func headsOnFirstTokens() throws {
        let model = try Golden.model()
        let heads = (0..<3).map { NamedHead("\($0)", ClassificationHead(labels: ["a", "b"], pooling: .first)) }
        let network = try Network(Recipe.full.arrangement(model: model, heads: heads, name: "t"), seed: 2)
        let workspace = Workspace(threads: 2)
        let parts = (0..<3).map { task in
            BatchPart(
                (0..<3).map { i in
                    let ids = (0..<3 + 5 * i).map { Int32(Randomness.integer(UInt64(10 * task + i), $0, below: 150)) }
                    return (ids, ids.map { _ in 0 }, SequenceRow(example: UInt64(i), task: task))
                }, targets: [task: HeadTargets(.classes([0, 1, -1]))])
        }
        let mixed = try network.plan(heads: [0, 1, 2], trains: true, mixes: true).training
        let sums = mixed.sums(PackedBatch(parts, marksSequences: true), workspace: workspace, stepKey: 4)
        let together = network.parameters.parameters.map(\.gradientArray)
        var expected = network.parameters.parameters.map { [Float](repeating: 0, count: $0.count) }
        for (task, part) in parts.enumerated() {
            let plan = try network.plan(head: task, trains: true).training
            #expect(plan.sums(PackedBatch([part]), workspace: workspace, stepKey: 4) == [sums[task]])
            for parameter in plan.plan.parameters {
                let index = try #require(network.parameters.index(of: parameter.name))
                expected[index] = zip(expected[index], parameter.gradientArray).map(+)
            }
        }
        for (parameter, pair) in zip(network.parameters.parameters, zip(together, expected)) {
            // Each sum is rounded twice
            let difference = Difference(pair.0, pair.1)
            #expect(
                Self.isZero(parameter) ? difference.scale < 1e-7 : difference.relative < 2e-6,
                "\(parameter.name): \(difference)")
        }
    }

    /// The heads of tasks that are not in a step are neither moved nor decayed.
    @Test func absentTasksStay() throws {
        var settings = settings(.within, dropout: true)
        settings.balancer = UncertaintyBalancer.name
        (settings.epochs, settings.batch, settings.weightDecay) = (1, .examples(16), 0.5)
        let probe = try MultitaskProbe(settings)
        let plans = try StepPlans(probe.network, tasks: probe.tasks, settings: settings)
        let names = plans.parameters(TrainingStep([[1], [], [2], []], epoch: 0)).map(\.name)
        #expect(names.contains { $0.hasPrefix("heads/class/") } && names.contains { $0.hasPrefix("heads/number/") })
        #expect(!names.contains { $0.hasPrefix("heads/tags/") || $0.hasPrefix("heads/other/") })
        #expect(names.contains { $0.hasPrefix("members/") })
    }

    /// A step of one task only, and of examples without any target.
    @Test func partsWithoutTargets() throws {
        var settings = settings(.within, dropout: false)
        settings.balancer = UncertaintyBalancer.name
        let probe = try MultitaskProbe(settings)
        let plans = try StepPlans(probe.network, tasks: probe.tasks, settings: settings)
        let workspace = Workspace(threads: 1)
        // Numbers 0 and 5 are missing
        for step in [TrainingStep([[], [], [0, 5], []], epoch: 0), TrainingStep([[3], [], [0], []], epoch: 0)] {
            let losses = plans.run(step, plans.batch(step, stepKey: 1), workspace: workspace, stepKey: 1)
            #expect(losses.heads[2] == nil && losses.total.isFinite)
            #expect((losses.heads[0] != nil) == (step.parts.count == 2))
            let pulled = probe.balancer.pull(losses.heads, probe.network.parameters)
            #expect(pulled.moved.count == step.parts.count - 1)
        }
    }

    @Test func languagesDoNotMix() throws {
        let probe = try MultitaskProbe(settings(.within, dropout: false))
        let table = MaskedCrossEntropy.TokenTable(
            [1, 2, 3], of: try #require(Golden.model().weight(Golden.model().architecture.wordTable)))
        let language = TrainingTask(
            name: "language", objective: MaskedLanguageModelling(name: "language", table: table, mask: 1, special: []),
            train: EncodedExamples(sequences: [[1, 2, 3]]), dev: EncodedExamples(sequences: []))
        #expect(
            throws: TrainingError.setting(
                name: "--mix", found: "within", expected: "batch: these tasks have no plan in common")
        ) {
            try Trainer(
                probe.network, tasks: probe.tasks + [language], settings: probe.settings,
                workspace: Workspace(threads: 1))
        }
    }
}
