import Amalgam
import Foundation
import Testing

/// What trainings make: each recipe, with the bundle that comes of it.
@Suite struct RecipeTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    @Test func oneBundleForEachRecipe() async throws {
        let (model, task) = (try fixture.model(), try Fixture.task())
        func train(_ recipe: TrainingRecipe) async throws -> AdapterBundle {
            try await model.train(recipe, on: task, options: Fixture.options).result.bundle
        }
        let adapter = try await train(.adapter(.lora))
        #expect(adapter.kind == .adapter && adapter.members.map(\.configuration) == [.lora])
        #expect(adapter.heads.map(\.name) == ["game"] && adapter.heads[0].output == .classes(["a", "b"]))
        #expect(adapter.heads[0].taskKind == .classification && adapter.base.name == "tiny")
        #expect(adapter.provenance.task == "game" && adapter.provenance.metrics["game"]?["accuracy"]?.number != nil)
        #expect(adapter.parameters > adapter.members[0].parameters)
        #expect(try await train(.head).kind == .head)
        #expect(try await train(.allWeights).kind == .full)

        let (a, b) = (try await fixture.adapter("a"), try await fixture.adapter("b", .doubleBottleneck))
        let fusion = try await train(.fusion([a, b], .static))
        #expect(fusion.kind == .fusion && fusion.members.map(\.name) == ["a", "b"])
        let stacked = try await train(.composition(.stack([.bundle(a), .new]), new: .lora))
        #expect(stacked.kind == .composition && stacked.composition == "stack(a, game)")
        #expect(stacked.members.first { $0.name == "a" }?.contentHash == a.members[0].contentHash)
        #expect(stacked.members.map(\.configuration.method).sorted() == ["bottleneck", "lora"])
    }

    @Test func anAdapterCanStartFromAnother() async throws {
        let (model, task) = (try fixture.model(), try Fixture.task())
        let start = try await fixture.adapter("start")
        func firstLoss(_ recipe: TrainingRecipe) async throws -> Double? {
            try await model.train(recipe, on: task, options: Fixture.options).result.losses.first
        }
        // The head starts alike in both: a difference of the first loss is the adapter's
        #expect(try await firstLoss(.adapter(startingFrom: start)) == firstLoss(.adapter(startingFrom: start)))
        #expect(try await firstLoss(.adapter(startingFrom: start)) != firstLoss(.adapter()))
        let wrong = model.train(.adapter(.lora, startingFrom: start), on: try Fixture.task())
        #expect(await AmalgamError.thrown { _ = try await wrong.result }?.kind == .composition)
    }

    /// All weights of several tasks, and from them those of one.
    @Test func allWeightsCanStartFromABundle() async throws {
        let tasks = [try Fixture.task("one"), try Fixture.task("two", labels: ["x", "y", "z"])]
        let model = try fixture.model()
        let several = try await model.train(.allWeights, on: tasks, options: Fixture.options).result.bundle
        func firstLoss(_ recipe: TrainingRecipe) async throws -> Double? {
            try await model.train(recipe, on: tasks[0], options: Fixture.options).result.losses.first
        }
        #expect(try await firstLoss(.allWeights(startingFrom: several)) != firstLoss(.allWeights))
        let adapter = try await fixture.adapter("start")
        let wrong = model.train(.allWeights(startingFrom: adapter), on: tasks[0])
        let error = await AmalgamError.thrown { _ = try await wrong.result }
        #expect(error?.kind == .composition && error?.description.contains("--") == false)
    }

    @Test func severalTasksShareAnAdapter() async throws {
        let tasks = [try Fixture.task("one"), try Fixture.task("two", labels: ["x", "y", "z"])]
        for scheduler in TrainingOptions.schedulerNames {
            var options = Fixture.options
            options.scheduler = scheduler
            if scheduler == "given" { options.taskProbabilities = ["one": 2, "two": 1] }
            let result = try await fixture.model().train(.adapter(), on: tasks, options: options).result
            #expect(result.bundle.heads.map(\.name) == ["one", "two"] && result.bundle.name == "one_two")
            #expect(Set(result.dev.keys) == ["one", "two"])
            #expect(Set(result.examples.keys) == ["one", "two"] && result.examples.values.allSatisfy { $0 > 0 })
        }
        var mixed = Fixture.options
        mixed.mix = .within
        mixed.balancer = "uncertainty"
        let weighted = try await fixture.model().train(.adapter(), on: tasks, options: mixed).result
        #expect(Set(weighted.lossWeights.keys) == ["one", "two"])
        mixed.balancer = "pcgrad"
        mixed.gradientCosines = 2
        mixed.taskBestFolder = fixture.url("best")
        let surgery = try await fixture.model().train(.adapter(), on: tasks, options: mixed).result
        #expect(surgery.gradientCosines.first?.step == 1 && surgery.gradientCosines.first?.tasks == ["one", "two"])
        #expect(surgery.gradientCosines.allSatisfy { $0.values[0][0] == 1 && abs($0.values[0][1]) <= 1 })
        #expect(Set(surgery.taskBest.keys) == ["one", "two"] && surgery.bestEpoch != nil)
        for (task, best) in surgery.taskBest {
            let file = fixture.url("best/\(task).h5")
            #expect(try AdapterBundle(contentsOf: file).data() == best.bundle.data() && best.dev.count == 2)
        }
        let twice = try fixture.model().train(.adapter(), on: [tasks[0], tasks[0]])
        #expect(await AmalgamError.thrown { _ = try await twice.result } != nil)
        let none = try fixture.model().train(.adapter(), on: [])
        #expect(await AmalgamError.thrown { _ = try await none.result }?.field == "tasks")
    }

    /// A head for masked tokens, a language adapter below it, and a task's adapter on that.
    @Test func languages() async throws {
        let lines = (0..<60).map { i in
            (0..<20).map { String("abcdefghij".randomElement(at: i * 7 + $0 * 3)) }.joined(separator: " ")
        }
        let corpus = TextCorpus(name: "de", train: lines, heldOut: Array(lines.prefix(6)))
        let model = try fixture.model()
        let head = try await model.trainLanguage(.head, on: [corpus], options: Fixture.options).result.bundle
        #expect(head.kind == .maskedLanguageHead)
        let trained = try await model.trainLanguage(.adapter(head: head), on: [corpus], options: Fixture.options).result
        let perplexity = try #require(trained.perplexity)
        #expect((perplexity.before ?? 0) > 1 && (perplexity.after ?? 0) > 1 && perplexity.scoredTokens > 0)
        #expect(trained.bundle.name == "de" && trained.bundle.heads.isEmpty)

        // An adapter that was trained on a language adapter predicts with it, and says so where it is used without
        var strong = Fixture.options
        strong.epochs = 3
        strong.learningRate = 0.05
        let language = try await model.train(.adapter(.invertibleBottleneck), on: Fixture.task(), options: strong)
            .result.bundle
        let adapter = try await model.train(
            .adapter(), on: Fixture.task("own"), language: language, options: Fixture.options
        ).result
        #expect(adapter.bundle.language?.name == "game" && adapter.warnings.map(\.kind) == [.language])
        var choice = PredictorOptions()
        choice.language = language
        let with = try Predictor(model, adapter.bundle, options: choice)
        let without = try Predictor(model, adapter.bundle)
        #expect(with.warnings.map(\.kind) == [.language] && with.warnings[0].text.contains("not for a language"))
        #expect(without.warnings.map(\.kind) == [.language] && without.warnings[0].text.contains("used without one"))
        #expect(without.warnings[0].text.contains("--") == false)
        let (a, b) = (try await with.classes(of: ["a b"]), try await without.classes(of: ["a b"]))
        #expect(a != b)
    }
}

extension String {
    fileprivate func randomElement(at place: Int) -> Character {
        self[index(startIndex, offsetBy: (place * place + 3) % count)]
    }
}
