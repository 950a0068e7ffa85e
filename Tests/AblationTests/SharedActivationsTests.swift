import Adapters
import Bundles
import Foundation
import Numerics
import Tasks
import Testing

@testable import Ablation
@testable import Training

/// What frozen layers give is kept from one training to the next: not one bit differs.
@Suite struct SharedActivationsTests {
    private let tiny: TinyExperiment
    private let task = TinyExperiment.data("role")

    init() throws { tiny = try TinyExperiment() }

    private func settings(_ rate: Double = 1e-2, seed: Int = 0) -> TrainingSettings {
        var settings = tiny.settings
        (settings.epochs, settings.learningRate, settings.seed, settings.baseDropout) = (3, rate, seed, false)
        return settings
    }

    private func train(
        _ recipe: Recipe, _ settings: TrainingSettings, pooling: Pool.Kind? = nil, _ sharing: SharedActivations?
    ) throws -> Session.Trained {
        try tiny.session.train(
            recipe, on: [task], name: "t", pooling: pooling, settings: settings,
            activationCache: sharing == nil ? 0 : 1 << 30,
            sharing: sharing)
    }

    private func isEqual(_ a: Session.Trained, _ b: Session.Trained) throws -> Bool {
        try a.result.losses == b.result.losses && BundleFile.data(a.bundle) == BundleFile.data(b.bundle)
    }

    /// Other rates, seeds and poolings of a head, and an adapter above frozen layers.
    @Test func trainingsShareRows() throws {
        let sharing = try #require(SharedActivations())
        let upper = Recipe.adapter(try .resolve("seq_bn", overrides: ["leave_out=[0]"]), from: nil)
        var computed: [Int] = []
        for (recipe, settings, pooling) in [
            (.head, settings(), nil), (.head, settings(1e-3, seed: 7), nil), (.head, settings(), .mean),
            (upper, settings(), nil), (upper, settings(3e-3, seed: 2), nil),
        ] as [(Recipe, TrainingSettings, Pool.Kind?)] {
            let with = try train(recipe, settings, pooling: pooling, sharing)
            #expect(try isEqual(with, train(recipe, settings, pooling: pooling, nil)))
            let (train, dev) = (try #require(with.result.cached?.train), try #require(with.result.cached?.dev))
            #expect(train.texts == 24 && train.allTexts == 24 && dev.texts == 8)
            computed.append(train.bytes + dev.bytes)
        }
        // Each kind of frozen part once
        #expect(computed.map { $0 > 0 } == [true, false, true, true, false], "\(computed)")
        #expect(sharing.bytes == computed.reduce(0, +))
    }

    @Test func oneEpochShares() throws {
        let sharing = try #require(SharedActivations())
        var one = settings()
        (one.epochs, one.keep) = (1, .last)
        let first = try train(.head, one, sharing)
        #expect(try isEqual(first, train(.head, one, nil)))
        #expect(try #require(first.result.cached?.train).texts == 24)
        let bytes = sharing.bytes
        one.seed = 3
        #expect(try isEqual(train(.head, one, sharing), train(.head, one, nil)) && sharing.bytes == bytes)
    }

    /// A model whose own weights are trained has other rows.
    @Test func trainedWeightsDoNotShare() throws {
        let sharing = try #require(SharedActivations())
        _ = try train(.head, settings(), sharing)
        let bytes = sharing.bytes
        #expect(try train(.full, settings(1e-3), sharing).result.cached == nil && sharing.bytes == bytes)
    }

    @Test func memoryIsBounded() throws {
        let whole = try #require(SharedActivations())
        let expected = try train(.head, settings(), whole)
        let sharing = try #require(SharedActivations(limit: whole.bytes / 2))
        let first = try train(.head, settings(), sharing)
        #expect(try isEqual(first, expected))
        let kept = try #require(first.result.cached?.train?.texts)
        #expect(kept > 4 && kept < 24 && sharing.bytes <= whole.bytes / 2)
        // More than half is taken: what was kept makes room for the next training
        let second = try train(.head, settings(1e-3), sharing)
        #expect(second.result.cached?.train?.texts == kept)
        #expect(try isEqual(second, train(.head, settings(1e-3), nil)))
        #expect(SharedActivations(limit: 0)?.free == 0)
    }

    /// A head alone is trained without dropout in the base, which its key says, and its texts pass through the base once.
    @Test func headsOfAnExperimentShare() throws {
        let task = TinyExperiment.task("role")
        func head(_ seed: Int) -> Cell {
            var settings = tiny.settings
            (settings.epochs, settings.seed) = (2, seed)
            return Cell(
                "role.head.seed\(seed)", label: "head", session: tiny.session,
                training: TaskTraining(.head, on: [task]),
                settings: settings, rates: .grid([1e-3, 1e-2]), scored: [.init("test", task, head: "role")])
        }
        let cells = [head(0), head(1)]
        #expect(cells.allSatisfy { !$0.settings.baseDropout })
        #expect(tiny.adapter(task).settings.baseDropout)
        let together = try tiny.run(cells).results
        for (i, cell) in cells.enumerated() {
            let alone = head(i)
            let result = try #require(
                tiny.run([alone], in: tiny.folder.appendingPathComponent("\(i)")).results[alone]?.result)
            let own = try #require(together[cell]?.result)
            #expect(own.key == result.key && own.losses == result.losses)
            #expect(own["test"].map(AnswerForms.text) == result["test"].map(AnswerForms.text) && own["test"] != nil)
        }
    }
}
