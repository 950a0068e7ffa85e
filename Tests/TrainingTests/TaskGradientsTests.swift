import Adapters
import Bundles
import Models
import Numerics
import Testing

@testable import Training

/// Each task's gradient by itself, their sums, and their cosines.
@Suite struct TaskGradientsTests {
    private static let step = TrainingStep([[5, 0, 39], [2, 11], [1, 0, 6, 7], [29]], epoch: 0)

    private func settings(_ mix: Mix = .within, balancer: String = "equal") -> TrainingSettings {
        var settings = TrainingSettings()
        (settings.mix, settings.balancer, settings.seed) = (mix, balancer, 3)
        (settings.epochs, settings.batch, settings.learningRate) = (2, .examples(10), 3e-3)
        return settings
    }

    private func norm(_ values: [Float]) -> Double {
        values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    }

    /// With factors of 1, the gradient is that of the whole step, whose sums over rows have another order: 1e-6 of the norm.
    @Test(arguments: [false, true], Mix.allCases) func sumIsTheStep(_ full: Bool, _ mix: Mix) throws {
        let probe = try MultitaskProbe(settings(mix), full: full)
        let workspace = Workspace(threads: 2)
        let plans = try StepPlans(probe.network, tasks: probe.tasks, settings: probe.settings)
        let gradients = TaskGradients(plans, probe.network, pool: workspace.pool)
        let (losses, heads) = gradients.run(Self.step, workspace: workspace, stepKey: 7)
        #expect(heads == [0, 1, 2, 3])
        gradients.combine(heads, factors: [1, 1, 1, 1])
        let sums = probe.network.parameters.parameters.map(\.gradientArray)
        let whole = try StepPlans(probe.network, tasks: probe.tasks, settings: settings(.within))
        let ran = whole.run(
            Self.step, whole.batch(Self.step, stepKey: 7), workspace: workspace, stepKey: 7)
        #expect(ran.heads == losses.heads && abs(ran.total - losses.total) < 1e-12)
        for (parameter, sum) in zip(probe.network.parameters.parameters, sums) {
            let apart = norm(zip(sum, parameter.gradientArray).map { $0 - $1 })
            let size = norm(parameter.gradientArray)
            // A softmax does not change with what is added to all keys
            #expect(
                parameter.name.hasSuffix(".key.bias") ? size < 1e-7 : apart <= 1e-6 * size,
                "\(parameter.name): \(apart) of \(size)")
        }
    }

    /// Products are those of the tensors that tasks share, on any number of threads; heads belong to one task.
    @Test func products() throws {
        let probe = try MultitaskProbe(settings())
        let plans = try StepPlans(probe.network, tasks: probe.tasks, settings: probe.settings)
        var found: [[[Double]]] = []
        for threads in [1, 2, 4] {
            let workspace = Workspace(threads: threads)
            let gradients = TaskGradients(plans, probe.network, pool: workspace.pool)
            let heads = gradients.run(Self.step, workspace: workspace, stepKey: 7).heads
            found.append(gradients.products(heads))
            guard threads == 2 else { continue }
            // By hand
            let own = heads.map { head -> [Float] in
                gradients.combine([head], factors: [1])
                return probe.network.parameters.parameters.filter { $0.name.hasPrefix("members/") }.flatMap(
                    \.gradientArray)
            }
            for a in heads {
                for b in heads {
                    let product = zip(own[a], own[b]).reduce(0) { $0 + Double($1.0) * Double($1.1) }
                    #expect(abs(product - found[1][a][b]) <= 1e-9 * norm(own[a]) * norm(own[b]))
                }
            }
            let cosines = TaskGradients.cosines(found[1])
            #expect(heads.allSatisfy { cosines[$0][$0] == 1 })
            #expect(
                cosines.joined().allSatisfy { abs($0) <= 1 } && cosines[0][1] == cosines[1][0] && cosines[0][1] != 1)
        }
        #expect(found[0] == found[1] && found[0] == found[2])
        #expect(TaskGradients.cosines([[0, 0], [0, 2]])[0][1].isNaN)
    }

    /// Tasks that share nothing but the frozen base do not disagree.
    @Test func tasksWithAdaptersOfTheirOwn() throws {
        let tree = Composition(
            MultiTask(heads: MultitaskProbe.heads.map { [$0.name] }),
            MultitaskProbe.heads.map { _ in Recipe.newAdapter })
        let recipe = Recipe.composition(tree, of: Composed(), new: try .resolve("seq_bn"))
        let probe = try MultitaskProbe(settings(balancer: "pcgrad"), recipe: recipe)
        let workspace = Workspace(threads: 2)
        let plans = try StepPlans(probe.network, tasks: probe.tasks, settings: probe.settings)
        let gradients = TaskGradients(plans, probe.network, pool: workspace.pool)
        let heads = gradients.run(Self.step, workspace: workspace, stepKey: 7).heads
        #expect(gradients.products(heads).joined().allSatisfy { $0 == 0 })
        // So that gradient surgery changes nothing
        gradients.combine(heads, factors: PCGradBalancer([]).factors(gradients.products(heads), key: 1))
        let combined = probe.network.parameters.parameters.map(\.gradientArray)
        _ = plans.run(Self.step, plans.batch(Self.step, stepKey: 7), workspace: workspace, stepKey: 7)
        #expect(combined == probe.network.parameters.parameters.map(\.gradientArray))
    }

    /// What counts for the parameters alone, as a fusion's regularizer, belongs to no task, and counts once a step.
    @Test func regularizersCountOnce() throws {
        let bundles = try ["x", "y"].map { try ParallelTests.bundle($0, "seq_bn", .bert) }
        var composed = Composed()
        let parts = try bundles.map { try composed.take($0) }
        let tree = Composition.stack([
            .above("", Fuse(.dynamic), parts),
            Composition(
                MultiTask(heads: MultitaskProbe.heads.map { [$0.name] }),
                MultitaskProbe.heads.map { _ in Recipe.newAdapter }),
        ])
        let probe = try MultitaskProbe(
            settings(), recipe: .composition(tree, of: composed, new: .resolve("seq_bn")))
        let value = try #require(probe.network.parameters.parameters.first { $0.name.hasSuffix("value.weight") })
        for i in 0..<value.count { value.values[i] += 0.1 * Randomness.normal(3, i) }
        let workspace = Workspace(threads: 2)
        let plans = try StepPlans(probe.network, tasks: probe.tasks, settings: probe.settings)
        let gradients = TaskGradients(plans, probe.network, pool: workspace.pool)
        let (losses, heads) = gradients.run(Self.step, workspace: workspace, stepKey: 7)
        gradients.combine(heads, factors: [1, 1, 1, 1])
        let without = value.gradientArray
        let regularizers = plans.regularize(Self.step, workspace: workspace, stepKey: 7)
        let sum = value.gradientArray
        let ran = plans.run(Self.step, plans.batch(Self.step, stepKey: 7), workspace: workspace, stepKey: 7)
        #expect(regularizers > 0 && ran.regularizers == regularizers && losses.regularizers == 0)
        let apart = norm(zip(sum, value.gradientArray).map { $0 - $1 })
        #expect(apart <= 1e-6 * norm(sum), "\(apart) of \(norm(sum))")
        #expect(norm(zip(sum, without).map { $0 - $1 }) > 0.01 * norm(sum))
    }

    /// Measuring changes no byte of what is trained, goes on after a stop, and is the same on any number of threads.
    @Test(arguments: [("equal", Mix.batch, false), ("equal", .within, true), ("pcgrad", .within, false)])
    func measuringChangesNothing(_ balancer: String, _ mix: Mix, _ full: Bool) throws {
        func run(_ every: Int, threads: Int = 2) throws -> (tensors: [NamedTensor], result: TrainingResult) {
            let probe = try MultitaskProbe(settings(mix, balancer: balancer), full: full)
            let result = try Trainer(
                probe.network, tasks: probe.tasks, settings: probe.settings, balancer: probe.balancer,
                workspace: Workspace(threads: threads), cosinesEvery: every
            ).run()
            return (probe.network.tensors, result)
        }
        let (plain, measured) = (try run(0), try run(5))
        #expect(plain.tensors == measured.tensors && plain.result.losses == measured.result.losses)
        #expect(plain.result.cosines.isEmpty)
        let cosines = measured.result.cosines
        #expect(cosines.map(\.step) == Array(stride(from: 1, through: measured.result.steps, by: 5)))
        #expect(cosines.allSatisfy { $0.tasks == ["class", "tags", "number", "other"] && $0.values.count == 4 })
        #expect(
            cosines[0].values[0][1] == cosines[0].values[1][0] && cosines[0].values[0][1] != cosines[1].values[0][1])
        #expect(try run(5, threads: 4).result.cosines == cosines)
    }

    /// One task, whatever is asked for, has no angle to another.
    @Test func oneTask() throws {
        let probe = try MultitaskProbe(settings(), counts: [40, 0, 0, 0])
        let result = try Trainer(
            probe.network, tasks: probe.tasks, settings: probe.settings, workspace: Workspace(threads: 1),
            cosinesEvery: 1
        ).run()
        #expect(result.cosines.isEmpty)
    }

    /// What compares tasks needs steps of several.
    @Test(arguments: ["pcgrad", "famo"]) func stepsOfOneTaskAreRefused(_ balancer: String) throws {
        let probe = try MultitaskProbe(settings(.batch, balancer: balancer))
        #expect(
            throws: TrainingError.setting(
                name: "--balancer", found: "\(balancer) with steps of one task",
                expected: "steps of several tasks, which it compares: use --mix within, or --share-texts")
        ) { try probe.trainer() }
    }
}
