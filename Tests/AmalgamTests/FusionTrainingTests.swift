import Amalgam
import Foundation
import Testing

/// Fusions in Swift: trained with their adapters, continued, and stable at small batches.
@Suite struct FusionTrainingTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    @Test func adaptersLearnWithTheFusion() async throws {
        let (model, task) = (try fixture.model(), try Fixture.task())
        let (a, b) = (try await fixture.adapter("a"), try await fixture.adapter("b", .doubleBottleneck))
        func train(_ recipe: TrainingRecipe) async throws -> TrainingResult {
            try await model.train(recipe, on: task, options: Fixture.options).result
        }
        let frozen = try await train(.fusion([a, b]))
        #expect(frozen.bundle.members.map(\.contentHash) == [a, b].map { $0.members[0].contentHash })
        #expect(
            frozen.bundle.members.allSatisfy { $0.startedFrom == nil } && frozen.bundle.provenance.startedFrom.isEmpty)

        let trained = try await train(.fusion([a, b], adapters: .trained()))
        #expect(trained.bundle.kind == .fusion && trained.run != frozen.run)
        let own = a.members[0].parameters + b.members[0].parameters
        #expect(trained.trainableParameters == frozen.trainableParameters + own)
        for (member, before) in zip(trained.bundle.members, [a, b]) {
            #expect(member.startedFrom == before.members[0].contentHash && member.contentHash != member.startedFrom)
        }
        #expect(trained.bundle.provenance.settings["adapter_lr"]?.number == BundledAdapters.standardLearningRate)
        #expect(trained.bundle.report.terminalText.contains("trained further here"))
        // A rate of its own is another run with another result
        let faster = try await train(.fusion([a, b], adapters: .trained(learningRate: 1e-2)))
        #expect(
            faster.run != trained.run && faster.bundle.members[0].contentHash != trained.bundle.members[0].contentHash)
        // The same in a composition: all that comes from bundles learns
        let composed = try await train(
            .composition(.stack([.bundle(a), .fuse([.bundle(a), .bundle(b)])]), adapters: .trained()))
        #expect(composed.bundle.members.allSatisfy { $0.startedFrom != nil })
        let wrong = model.train(.fusion([a], adapters: .trained(learningRate: -1)), on: task)
        let error = try #require(await AmalgamError.thrown { _ = try await wrong.result })
        #expect(error.description.contains("adapters.learningRate: found -1"), "\(error)")
    }

    @Test func aFusionContinuesAnother() async throws {
        let (model, task) = (try fixture.model(), try Fixture.task())
        let (a, b) = (try await fixture.adapter("a"), try await fixture.adapter("b"))
        func train(_ recipe: TrainingRecipe) async throws -> AdapterBundle {
            try await model.train(recipe, on: task, options: Fixture.options).result.bundle
        }
        let first = try await train(.fusion([a, b], .static))
        let second = try await train(.fusion([], startingFrom: first))
        #expect(try await second.data() == train(.fusion([a, b], startingFrom: first)).data())
        #expect(second.provenance.startedFrom.keys.sorted() == ["blocks/fuse"])
        #expect(second.composition == first.composition)
        for (recipe, words) in [
            (TrainingRecipe.fusion([a], startingFrom: first), "startingFrom: bundle game is a fusion of a ("),
            (.fusion([a, b], startingFrom: a), "expected a fusion"), (.fusion([]), "found no bundle"),
        ] {
            let error = try #require(await AmalgamError.thrown { _ = try await train(recipe) })
            #expect(error.kind == .composition && error.description.contains(words), "\(error)")
            #expect(!error.description.contains("--"), "\(error)")
        }
    }

    /// A fusion, with frozen adapters or with trained ones, stays finite and learns, whatever the size of a batch. The random
    /// model's features are weak beside its dropout, so only the fusion's own dropout is on, at four times the default rate.
    @Test(arguments: [1, 4, 16], [false, true]) func smallBatches(_ size: Int, _ trainsAdapters: Bool) async throws {
        let adapters = [try await fixture.adapter("a"), try await fixture.adapter("b")]
        var options = Fixture.options
        // Larger batches have fewer steps in an epoch
        options.epochs = 20 + 10 * size
        options.learningRate = 2e-3
        options.pooling = .mean
        options.usesBaseDropout = false
        options.headDropout = 0
        try await Self.expectLearns(fixture.model(), adapters, size, trainsAdapters, options)
    }

    private static let realModel = ProcessInfo.processInfo.environment["AMALGAM_TEST_MODEL"]

    /// The same on a real model, with the settings that users get.
    @Test(.enabled(if: realModel != nil), arguments: [1, 4, 16])
    func smallBatchesOnARealModel(_ size: Int) async throws {
        let model = try Model(folder: URL(fileURLWithPath: Self.realModel ?? ""), threads: 2)
        var options = Fixture.options
        options.learningRate = 5e-3
        var adapters: [AdapterBundle] = []
        for name in ["a", "b"] {
            adapters.append(
                try await model.train(.adapter(), on: Fixture.task(name), options: options).result.bundle)
        }
        var standard = TrainingOptions()
        standard.epochs = 4 + size
        try await Self.expectLearns(model, adapters, size, false, standard)
    }

    private static func expectLearns(
        _ model: Model, _ adapters: [AdapterBundle], _ size: Int, _ trainsAdapters: Bool, _ options: TrainingOptions
    ) async throws {
        let task = try TextTask.classification(
            name: "game", train: Fixture.examples(48), dev: Fixture.examples(12, shift: 1))
        var options = options
        options.batch = .examples(size)
        let result = try await model.train(
            .fusion(adapters, adapters: trainsAdapters ? .trained() : .frozen), on: task, options: options
        ).result
        #expect(result.skippedSteps == 0 && result.losses.allSatisfy { $0.isFinite })
        let epoch = result.losses.count / options.epochs
        func mean(_ losses: some Collection<Double>) -> Double { losses.reduce(0, +) / Double(losses.count) }
        let (first, last) = (mean(result.losses.prefix(epoch)), mean(result.losses.suffix(epoch)))
        #expect(last < 0.6 * first, "batches of \(size): loss \(first), then \(last)")
        #expect((result.dev["game"]?.score ?? 0) > 0.9, "batches of \(size): \(result.summary)")
    }
}
