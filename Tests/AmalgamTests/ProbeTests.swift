import Amalgam
import Foundation
import Testing

/// Linear probes: for each kind of task, and on what adapters give.
@Suite struct ProbeTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    static let kinds = ["classification", "pairs", "tagging", "numbers"]

    private func task(_ kind: String) throws -> TextTask {
        let texts = Fixture.examples()
        switch kind {
        case "pairs":
            let pairs = texts.map { PairExample($0.text, "m n", label: $0.label) }
            return try .pairClassification(name: "task", train: pairs, dev: Array(pairs.prefix(10)))
        case "tagging":
            let sentences = texts.map { example in
                let words = example.text.split(separator: " ").map(String.init)
                return TaggingExample(words, tags: words.map { "mno".contains($0) ? "B-X" : "O" })
            }
            return try .tagging(name: "task", train: sentences, dev: Array(sentences.prefix(10)))
        case "numbers":
            let numbers = texts.enumerated().map {
                RegressionExample($1.text, value: $1.label == "a" ? 3 : 7 + Double($0 % 3))
            }
            return try .regression(name: "task", train: numbers, dev: Array(numbers.prefix(10)))
        default: return try .classification(name: "task", train: texts, dev: Array(texts.prefix(10)))
        }
    }

    /// A probe is a bundle as any other: it is written, read, scored as it was in the fit, and predicts.
    @Test(arguments: kinds) func isAnOrdinaryBundle(_ kind: String) async throws {
        let (model, task) = (try fixture.model(), try task(kind))
        let result = try await model.train(.linearProbe, on: task).result
        #expect(result.bundle.kind == .head && result.epochs == 1 && result.bundle.members.isEmpty)
        let rows = kind == "numbers" ? 1 : 2
        #expect(result.trainableParameters == rows * (model.hiddenSize + 1))
        #expect(result.facts["linear_probe"]?["chosen_on"] == "dev")
        let file = fixture.url("\(kind).h5")
        try result.bundle.write(to: file)
        let read = try AdapterBundle(contentsOf: file)
        let evaluation = try await Predictor(model, read).evaluate(on: task, split: .dev)
        let dev = try #require(result.dev["task"])
        #expect(abs(evaluation.score.value - dev.score) < 1e-5, "\(evaluation.score.value), in the fit \(dev.score)")
        // What the texts say is linear in none of the features, but a head on them tells them apart
        if kind != "numbers" { #expect(dev.score > 0.8, "\(dev.score)") }
    }

    /// The same bytes for any number of threads, and without dev a choice by cross-validation.
    @Test(arguments: kinds) func anyNumberOfThreads(_ kind: String) async throws {
        let task = try task(kind)
        let one = try await fixture.model().train(.linearProbe, on: task).result.bundle
        let three = try await fixture.model(threads: 3).train(.linearProbe, on: task).result.bundle
        #expect(try one.data() == three.data())
        let alone = try TextTask.classification(name: "task", train: Fixture.examples())
        let result = try await fixture.model().train(.linearProbe, on: alone).result
        #expect(result.facts["linear_probe"]?["folds"] == 5 && result.dev.isEmpty)
        #expect(result.warnings.allSatisfy { !$0.text.contains("no dev split") })
        #expect(result.summary.contains { $0.contains("cross-validation with 5 folds") }, "\(result.summary)")
    }

    /// On adapters, which stay as they are and are in the bundle.
    @Test func standsOnAdapters() async throws {
        let (model, task) = (try fixture.model(), try Fixture.task())
        let (a, b) = (try await fixture.adapter("a"), try await fixture.adapter("b"))
        let bare = try await model.train(.linearProbe, on: task).result.bundle
        for (composition, kind) in [
            (Composition.bundle(a), AdapterBundle.Kind.adapter),
            (try .average([.bundle(a), .bundle(b)], weights: [0.7, 0.3]), .composition),
        ] {
            let probe = try await model.train(.linearProbe(on: composition), on: task).result
            #expect(probe.bundle.kind == kind && probe.bundle.heads.map(\.name) == ["game"])
            #expect(probe.bundle.members[0].contentHash == a.members[0].contentHash)
            let evaluation = try await Predictor(model, probe.bundle).evaluate(on: task, split: .dev)
            #expect(abs(evaluation.score.value - (probe.dev["game"]?.score ?? .nan)) < 1e-6)
            #expect(probe.trainableParameters == 2 * (model.hiddenSize + 1))
        }
        // A bundle used as a language adapter is below the probe, and not in it
        let below = try await model.train(.linearProbe, on: task, language: a).result.bundle
        #expect(below.kind == .head && below.language?.name == "a")
        #expect(try below.data() != bare.data())
    }

    @Test func pooling() async throws {
        var options = TrainingOptions()
        let (model, task) = (try fixture.model(), try Fixture.task())
        let mean = try await model.train(.linearProbe, on: task, options: options).result.bundle
        options.pooling = .mean
        #expect(try await model.train(.linearProbe, on: task, options: options).result.bundle.data() == mean.data())
        options.pooling = .firstToken
        #expect(try await model.train(.linearProbe, on: task, options: options).result.bundle.data() != mean.data())
    }

    /// What learns below the head has no place in a probe.
    @Test func refuses() async throws {
        let (model, task) = (try fixture.model(), try Fixture.task())
        let (a, b) = (try await fixture.adapter("a"), try await fixture.adapter("b"))
        for (recipe, words) in [
            (TrainingRecipe.linearProbe(on: .stack([.bundle(a), .new])), "expected a bundle"),
            (.linearProbe(on: .fuse([.bundle(a), .bundle(b)])), "which is not trained"),
        ] {
            let job = model.train(recipe, on: task)
            let error = await AmalgamError.thrown { _ = try await job.result }
            #expect(error?.description.contains(words) == true, "\(error?.description ?? "no error")")
        }
        let several = model.train(.linearProbe, on: [task, try Fixture.task("other")])
        #expect(await AmalgamError.thrown { _ = try await several.result }?.found == "2 tasks")
    }

    /// A head of one layer in the folder of `adapters` gives the same scores.
    @Test func goesThroughAdapterHub() async throws {
        let (model, task) = (try fixture.model(), try Fixture.task())
        var options = TrainingOptions()
        options.pooling = .firstToken
        let probe = try await model.train(.linearProbe, on: task, options: options).result.bundle
        #expect(try probe.export(to: fixture.url("hub"), as: .adapterHub()).isEmpty)
        let back = try AdapterBundle(importing: fixture.url("hub"))
        #expect(back.heads.map(\.kind) == ["linear_classification"])
        let ours = try await Predictor(model, probe).evaluate(on: task, split: .dev)
        let theirs = try await Predictor(model, back).evaluate(on: task, split: .dev)
        #expect(ours.loss == theirs.loss)
    }
}
