import Amalgam
import Foundation
import Testing

/// Which bundles suit a task, without training.
@Suite struct AdviceTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    @Test func ranksBundles() async throws {
        let (model, task) = (try fixture.model(), try Fixture.task())
        let bundles = [try await fixture.adapter("a"), try await fixture.adapter("b", .lora, labels: ["x", "y", "z"])]
        for method in AdviceOptions.methodNames {
            var options = AdviceOptions()
            options.method = method
            let advice = try await model.advise(on: task, from: bundles, options: options)
            #expect(advice.method == method && advice.task == "game" && advice.texts == 24 && advice.allTexts == 24)
            #expect(Set(advice.ranking.map(\.bundle)) == ["a", "b"])
            let scores = advice.ranking.compactMap(\.score)
            #expect(scores.count == 2 && scores[0] >= scores[1])
            #expect(advice.ranking.allSatisfy { Set($0.scores.keys) == Set(AdviceOptions.methodNames) })
            // The bare model has no head
            #expect(Set(advice.base.scores.keys) == Set(AdviceOptions.methodNames).subtracting(["leep"]))
            #expect(
                advice.values["ranking"] != nil
                    && advice.values["base"]?["logme"]?.number == advice.base.scores["logme"])
            #expect(advice.report.text().contains("the model alone") && advice.report.text().contains(advice.summary))
        }
        // The same for any number of threads, and a sample of the seed
        let three = try await fixture.model(threads: 3).advise(on: task, from: bundles)
        #expect(try await model.advise(on: task, from: bundles).ranking.map(\.scores) == three.ranking.map(\.scores))
        var options = AdviceOptions()
        options.texts = 10
        #expect(try await model.advise(on: task, from: bundles, options: options).texts == 10)
    }

    /// Adapters that change nothing give the bare model's scores; words of a sentence and numbers have scores, too.
    @Test func otherKindsOfTasks() async throws {
        let model = try fixture.model()
        let words = Fixture.examples().map { example in
            let words = example.text.split(separator: " ").map(String.init)
            return TaggingExample(words, tags: words.map { "mno".contains($0) ? "B-X" : "O" })
        }
        let numbers = Fixture.examples().enumerated().map { RegressionExample($1.text, value: Double($0 % 3)) }
        let a = try await fixture.adapter("a")
        let tagging = try await model.advise(on: .tagging(name: "words", train: words), from: [a])
        #expect(Set(tagging.ranking[0].scores.keys) == ["logme", "h_score", "centroid", "probe"])
        let regression = try await model.advise(on: .regression(name: "numbers", train: numbers), from: [a])
        #expect(Set(regression.ranking[0].scores.keys) == ["logme", "probe"])
        let sets = Fixture.examples().map { example in
            LabelSetExample(
                example.text, labels: example.text.split(separator: " ").map(String.init).filter("mnx".contains))
        }
        let multiLabel = try await model.advise(on: .multiLabel(name: "sets", train: sets), from: [a])
        #expect(Set(multiLabel.ranking[0].scores.keys) == Set(AdviceOptions.methodNames))
        let questions = Fixture.examples().enumerated().map { i, example in
            ChoiceExample("q", choices: i % 2 == 0 ? [example.text, "a b"] : ["a b", example.text], answer: i % 2)
        }
        let choices = try await model.advise(on: .multipleChoice(name: "choices", train: questions), from: [a])
        #expect(Set(choices.ranking[0].scores.keys) == Set(AdviceOptions.methodNames))
        #expect(choices.ranking[0].scores["probe"] == 1)
        let sentences = Fixture.examples().map { example in
            let words = example.text.split(separator: " ").map(String.init)
            return ParsingExample(
                words,
                arcs: words.enumerated().map { DependencyArc(head: $0, label: "mno".contains($1) ? "x" : "y") })
        }
        let trees = try await model.advise(on: .parsing(name: "trees", train: sentences), from: [a])
        #expect(Set(trees.ranking[0].scores.keys) == ["logme", "h_score", "centroid"])
        let answers = try TextTask.questionAnswering(
            name: "answers", train: [QuestionExample("q", context: "a b", answers: [.init("a", start: 0)])])
        let error = await AmalgamError.thrown { _ = try await model.advise(on: answers, from: [a]) }
        #expect(error?.description.contains("found kind question-answering, whose features cannot be ranked") == true)
        // On a language adapter, the model alone is the adapter's own
        let below = try await model.advise(on: try Fixture.task(), from: [a], language: a)
        let alone = try await model.advise(on: try Fixture.task(), from: [a])
        #expect(below.base.scores["logme"] == alone.ranking[0].scores["logme"])
        #expect(below.base.scores["logme"] != alone.base.scores["logme"])
    }

    /// A folder's broken files, heads, and bundles of another model are skipped, each with a warning.
    @Test func skips() async throws {
        let (model, task) = (try fixture.model(), try Fixture.task())
        let folder = fixture.url("bundles")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        func advise() async throws -> Advice { try await model.advise(on: task, from: folder) }
        #expect(await AmalgamError.thrown { _ = try await advise() }?.kind == .missingFile)
        try await model.train(.head, on: task, options: Fixture.options).result.bundle.write(
            to: folder.appendingPathComponent("head.h5"))
        try Data("no bundle".utf8).write(to: folder.appendingPathComponent("broken.h5"))
        #expect(await AmalgamError.thrown { _ = try await advise() }?.kind == .composition)
        try await fixture.adapter("a").write(to: folder.appendingPathComponent("a.h5"))
        // The same weights with another tokenizer are another model
        try fixture.writeVocabulary(reversed: true)
        try await fixture.adapter("other").write(to: folder.appendingPathComponent("other.h5"))
        let advice = try await advise()
        #expect(advice.ranking.count == 1 && advice.ranking[0].bundle.hasSuffix("a.h5"))
        let warnings = advice.warnings.map(\.text).filter { $0.contains("skipped") }
        #expect(warnings.count == 3, "\(warnings)")
        for name in ["head.h5", "broken.h5", "other.h5"] {
            #expect(warnings.count { $0.contains(name) } == 1, "\(name): \(warnings)")
        }
        var options = AdviceOptions()
        options.method = "guess"
        let wrong = options
        let error = await AmalgamError.thrown { _ = try await model.advise(on: task, from: folder, options: wrong) }
        #expect(error?.kind == .option && error?.expected?.contains("logme") == true)
    }
}
