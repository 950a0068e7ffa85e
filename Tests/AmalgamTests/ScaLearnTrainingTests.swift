import Amalgam
import Foundation
import Testing

/// ScaLearn and the other ways to put adapters together, in Swift.
@Suite struct ScaLearnTrainingTests {
    private let fixture: Fixture
    private static let texts = ["a b c m x", "n z", "o", "b b b x z"]

    init() throws { fixture = try Fixture() }

    private func probabilities(_ bundle: AdapterBundle) async throws -> [Float] {
        try await Predictor(fixture.model(), bundle).classes(of: Self.texts).flatMap(\.probabilities)
    }

    @Test func trainsEvaluatesAndPredicts() async throws {
        let (model, task) = (try fixture.model(), try Fixture.task())
        let (a, b) = (try await fixture.adapter("a"), try await fixture.adapter("b", .doubleBottleneck))
        var options = Fixture.options
        options.epochs = 3
        let result = try await model.train(.fusion([a, b], method: .scaling()), on: task, options: options).result
        #expect(result.bundle.kind == .composition && result.bundle.composition?.hasPrefix("scalearn(a, b") == true)
        #expect(result.bundle.members.map(\.contentHash) == [a, b].map { $0.members[0].contentHash })
        // ω of 2 adapters at 3 sites after the feed-forward and 3 after the attention
        let head = try await model.train(.head, on: task, options: options).result.trainableParameters
        #expect(result.trainableParameters == head + 6 * 2 * 48)
        let dev = try await Predictor(model, result.bundle).evaluate(on: task, split: .dev)
        #expect(dev.score.value == result.dev["game"]?.score)

        // The same as an expression, in other words, and from a file
        let same = try Composition("scalearn(a, b, dropout=0.3)") { $0 == "a" ? a : b }
        var sameRate = options
        sameRate.learningRate = FusionMethod.scaling().standardLearningRate
        let again = try await model.train(.composition(same), on: task, options: sameRate).result
        #expect(try again.bundle.data() == result.bundle.data())
        let read = try AdapterBundle(data: result.bundle.data())
        #expect(try await probabilities(read) == probabilities(result.bundle))

        // In a stack, and twice
        let nested = Composition.stack([
            .bundle(a), try .scaLearn([.bundle(b), .bundle(a)], uniform: true, shared: true),
        ])
        let stacked = try await model.train(.composition(nested), on: task, options: options).result
        #expect(stacked.trainableParameters == head + 2)
        #expect(try await probabilities(stacked.bundle) != probabilities(result.bundle))
        let composed = try AdapterBundle(composing: .stack([.bundle(a), .bundle(result.bundle)]))
        var chosen = PredictorOptions()
        chosen.head = "game"
        let scored = try await Predictor(model, composed, options: chosen).evaluate(on: task, split: .dev)
        #expect(scored.loss.value.isFinite && scored.loss.value != dev.loss.value)
    }

    @Test func refusals() async throws {
        let a = try await fixture.adapter("a")
        let ia3 = try await fixture.adapter("i", AdapterConfiguration("ia3"))
        let (model, task) = (try fixture.model(), try Fixture.task())
        for (recipe, words) in [
            (TrainingRecipe.fusion([a, ia3], method: .scaling()), "scalearn weighs what adapters add"),
            (.composition(try .scaLearn([.bundle(ia3)])), "scalearn weighs what adapters add"),
            (.fusion([a], method: .scaling(dropout: 1)), "dropout: found 1"),
        ] {
            let error = await AmalgamError.thrown { _ = try await model.train(recipe, on: task).result }
            #expect(error?.description.contains(words) == true, "\(error as Any)")
        }
        let untrained = await AmalgamError.thrown { _ = try AdapterBundle(composing: .scaLearn([.bundle(a)])) }
        #expect(untrained?.description.contains("scalearn needs training") == true, "\(untrained as Any)")
    }
}
