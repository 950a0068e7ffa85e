import Amalgam
import Foundation
import Testing

/// All heads of a bundle in one pass.
@Suite struct HeadsPredictorTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    @Test func answersOfEachHead() async throws {
        let model = try fixture.model()
        let (a, b) = (try await fixture.adapter("a"), try await fixture.adapter("b", .lora, labels: ["b", "a"]))
        let bundle = try AdapterBundle(composing: .parallel([.bundle(a), .bundle(b)]), name: "both")
        #expect(bundle.isParallel && !a.isParallel && bundle.warnings.isEmpty)
        #expect(bundle.composition == "parallel(a, b, heads=[\"a\", \"b\"])")
        let file = fixture.url("both.h5")
        try bundle.write(to: file)
        let read = try AdapterBundle(contentsOf: file)
        #expect(try read.data() == bundle.data())

        let predictor = try HeadsPredictor(model, read)
        #expect(predictor.heads.map(\.name) == ["a", "b"] && predictor.warnings.isEmpty)
        let texts = ["a b c m x", "z", "o n z x"]
        let answers = try await predictor.predictions(of: texts)
        let alone = [
            try await Predictor(model, a).classes(of: texts), try await Predictor(model, b).classes(of: texts),
        ]
        for (i, answer) in answers.enumerated() {
            #expect(answer == [.classes(alone[0][i]), .classes(alone[1][i])])
        }
        #expect(try await predictor.predictions(of: []).isEmpty)
        let words = await AmalgamError.thrown { _ = try await predictor.predictions(ofWords: [["a"]]) }
        #expect(words?.kind == .head)
        let pairs = await AmalgamError.thrown { _ = try await predictor.predictions(ofPairs: [("a", "b")]) }
        #expect(pairs?.kind == .head)

        // A head of the bundle by itself, and a task's own head
        var options = PredictorOptions()
        options.head = "b"
        #expect(try await Predictor(model, read, options: options).classes(of: texts) == alone[1])
        let scores = try await Predictor(model, read, options: .init(task: Fixture.task("a"))).evaluate(
            on: Fixture.task("a"))
        let own = try await Predictor(model, a).evaluate(on: Fixture.task("a"))
        #expect(scores.score == own.score && scores.loss == own.loss)
    }

    @Test func records() async throws {
        let (a, b) = (try await fixture.adapter("a"), try await fixture.adapter("b"))
        let predictor = try HeadsPredictor(
            fixture.model(), AdapterBundle(composing: .parallel([.bundle(a), .bundle(b)])))
        try fixture.write("in.txt", ["a b", "c x"])
        let lines = Lines()
        let summary = try await predictor.predict(RecordSource(contentsOf: fixture.url("in.txt"))) { lines.add($0) }
        #expect(summary.predicted == 2)
        let first = try #require(lines.text.split(separator: "\n").first)
        let json = try #require(try JSONSerialization.jsonObject(with: Data(first.utf8)) as? [String: Any])
        let heads = try #require(json["heads"] as? [String: [String: Any]])
        #expect(json["line"] as? Int == 1 && heads.keys.sorted() == ["a", "b"])
        #expect(heads.values.allSatisfy { $0["label"] is String && $0["probabilities"] is [String: Any] })
    }

    /// The heads of one adapter also answer together; heads that read other things do not.
    @Test func headsOfOneAdapter() async throws {
        let model = try fixture.model()
        let shared = try await model.train(
            .adapter(), on: [Fixture.task("a"), Fixture.task("b", labels: ["c", "d"])], options: Fixture.options
        ).result.bundle
        let answers = try await HeadsPredictor(model, shared).predictions(of: ["a x"])
        for (head, answer) in zip(["a", "b"], answers[0]) {
            var options = PredictorOptions()
            options.head = head
            #expect(try await answer == .classes(Predictor(model, shared, options: options).classes(of: ["a x"])[0]))
        }
        var other = Fixture.options
        other.textPrefix = "query: "
        let prefixed = try await model.train(.adapter(), on: Fixture.task("q"), options: other).result.bundle
        let mixed = try AdapterBundle(composing: .parallel([.bundle(shared), .bundle(prefixed)]))
        #expect(mixed.heads.count == 3)
        #expect(await AmalgamError.thrown { _ = try HeadsPredictor(model, mixed) }?.kind == .head)
        var long = Fixture.options
        long.maxLength = 64
        let longer = try await model.train(.adapter(), on: Fixture.task("l"), options: long).result.bundle
        let lengths = try AdapterBundle(composing: .parallel([.bundle(shared), .bundle(longer)]))
        #expect(lengths.warnings.contains { $0.description.contains("maxLength changes it") }, "\(lengths.warnings)")
    }

    /// Texts by their order, and tokens by their positions.
    @Test func splits() async throws {
        let model = try fixture.model()
        let (a, b) = (try await fixture.adapter("a"), try await fixture.adapter("b"))
        var options = PredictorOptions()
        options.head = "a"
        let batch = try AdapterBundle(composing: .batchSplit([.bundle(a), .bundle(b)], sizes: [2, 1]))
        let texts = ["a x", "b c z", "o"]
        let found = try await Predictor(model, batch, options: options).classes(of: texts)
        let own = try await Predictor(model, a).classes(of: texts)
        #expect(Array(found[..<2]) == Array(own[..<2]) && found[2] != own[2])
        let count = await AmalgamError.thrown {
            _ = try await Predictor(model, batch, options: options).classes(of: texts + ["x"])
        }
        #expect(count?.kind == .composition && count?.description.contains("found 4 texts, expected 3") == true)
        try fixture.write("in.txt", texts)
        let stream = await AmalgamError.thrown {
            _ = try await Predictor(model, batch, options: options).predict(
                RecordSource(contentsOf: fixture.url("in.txt"))
            ) { _ in true }
        }
        #expect(stream?.kind == .composition, "\(stream as Any)")

        let tokens = try AdapterBundle(composing: .split([.bundle(a), .bundle(b)], lengths: [1, 9]))
        #expect(tokens.composition == "split(a, b, splits=[1, 9])")
        #expect(try AdapterBundle(data: tokens.data()).data() == tokens.data())
        #expect(try await Predictor(model, tokens, options: options).classes(of: texts) != own)
        let lengths = await AmalgamError.thrown { _ = try Composition.split([.bundle(a)], lengths: [0]) }
        #expect(lengths?.kind == .composition && lengths?.field == "splits")
    }

    /// Each task trains its own adapter, above one that all share.
    @Test func multitask() async throws {
        let model = try fixture.model()
        let tasks = [try Fixture.task("a"), try Fixture.task("b", labels: ["c", "d"])]
        var options = Fixture.options
        options.mix = .within
        let recipe = TrainingRecipe.composition(.stack([.new, try .multitask([.new, .new])]), new: .bottleneck)
        let bundle = try await model.train(recipe, on: tasks, options: options).result.bundle
        #expect(bundle.composition == "stack(a_b, multitask(a, b, tasks=[\"a\", \"b\"]))")
        #expect(bundle.members.map(\.name) == ["a", "a_b", "b"] && !bundle.isParallel)
        let score = try await Predictor(model, bundle, options: .init(task: tasks[1])).evaluate(on: tasks[1])
        #expect(score.examples == 12)
        #expect(try await HeadsPredictor(model, bundle).predictions(of: ["a"])[0].count == 2)

        let count = await AmalgamError.thrown {
            _ = try await model.train(.composition(.multitask([.new]), new: .lora), on: tasks, options: options).result
        }
        #expect(count?.kind == .composition && count?.description.contains("1 part for 2 tasks") == true)
        let twice = await AmalgamError.thrown { _ = try Composition.multitask([.new, .new], tasks: [["a"], ["a"]]) }
        #expect(twice?.kind == .composition && twice?.field == "tasks")
    }
}

extension PredictorOptions {
    fileprivate init(task: TextTask) {
        self.init()
        self.task = task
    }
}
