import Amalgam
import Foundation
import Testing

/// Retrieval, entity linking and similarity from programs.
@Suite struct RetrievalTests {
    private let fixture: Fixture
    private static let words = ["a", "b", "c", "d", "e", "f", "g", "h"]

    init() throws { fixture = try Fixture() }

    private static func examples(_ count: Int, shift: Int = 0) -> [RetrievalExample] {
        (0..<count).map { i in
            let (first, second) = (words[i % 8], words[(i + 1 + (i + shift) / 8 % 6) % 8])
            return RetrievalExample("\(first) \(second)", relevant: ["\(second) \(first) x"])
        }
    }

    @Test func retrieval() async throws {
        let model = try fixture.model()
        let task = try TextTask.retrieval(
            name: "search", train: Self.examples(48), dev: Self.examples(16, shift: 3),
            test: Self.examples(24, shift: 5))
        #expect(try task.kind == .retrieval && task.summary().metric == "ndcg_at_10")
        var options = Fixture.options
        options.epochs = 4
        options.learningRate = 1e-2
        let result = try await model.train(.adapter(.bottleneck), on: task, options: options).result
        let head = try #require(result.bundle.heads.first)
        #expect(head.kind == "ranking" && head.output == .ranking(ofEntities: false) && head.taskKind == .retrieval)
        // A bundle keeps the head through a file
        let read = try AdapterBundle(data: result.bundle.data())
        #expect(read.heads == result.bundle.heads)
        let predictor = try Predictor(model, read)
        let scores = try await predictor.evaluate(on: task)
        #expect(scores.metric == "ndcg_at_10" && (scores["accuracy_at_1"]?.value ?? 0) > 0.1)

        let documents = try Documents([("one", "b a x"), ("two", "h g x"), ("three", "a b")])
        let dense = try await DocumentIndex(documents, predictor: predictor)
        let embeddings = try await predictor.embeddings(of: ["a b", "h"])
        #expect(embeddings.map(\.count) == [model.hiddenSize, model.hiddenSize])
        let found = try await dense.search(["a b", "h"], top: 2)
        #expect(found.map(\.hits.count) == [2, 2] && found[0].hits[0].score <= 1.000_1)
        #expect(found.allSatisfy { $0.hits[0].score >= $0.hits[1].score })
        let bare = try await DocumentIndex(documents, predictor: Predictor(embedding: model))
        // A text has the cosine 1 with itself
        let own = try await bare.search(["a b"], top: 3)[0].hits
        #expect(own.first { $0.id == "three" }.map { abs($0.score - 1) < 1e-5 } == true)
        let byWords = try await DocumentIndex(documents).search(["g h", "z"], top: 5)
        #expect(byWords.isEmpty || byWords.count == 2)
        await #expect(throws: AmalgamError.self) { try await predictor.answers(to: [("q", "c")]) }
        #expect(throws: AmalgamError.self) { try Documents([("one", "a"), ("one", "b")]) }
        #expect(throws: AmalgamError.self) { try Documents([]) }
    }

    @Test func linking() async throws {
        let model = try fixture.model()
        let mentions = (0..<24).map { i in
            EntityMention(
                "x \(i % 2 == 0 ? "a" : "b")", range: 0..<1,
                candidates: [.init("0", description: "a c"), .init("1", description: "b d")], entity: "\(i % 2)")
        }
        let task = try TextTask.entityLinking(name: "names", train: mentions, test: mentions)
        #expect(task.kind == .entityLinking)
        var options = Fixture.options
        options.epochs = 4
        options.learningRate = 1e-2
        let bundle = try await model.train(.adapter(.bottleneck), on: task, options: options).result.bundle
        #expect(bundle.heads[0].output == .ranking(ofEntities: true))
        let predictor = try Predictor(model, bundle)
        let found = try await predictor.entities(of: Array(mentions.prefix(2)))
        #expect(found.map(\.hits.count) == [2, 2] && Set(found[0].hits.map(\.id)) == ["0", "1"])
        await #expect(throws: AmalgamError.self) {
            try await predictor.entities(of: [EntityMention("x", range: 0..<4, candidates: mentions[0].candidates)])
        }
    }

    @Test func similarity() async throws {
        let model = try fixture.model()
        let pairs = (0..<24).map { i in
            RegressionExample(Self.words[i % 8], Self.words[(i + i % 3) % 8], value: i % 3 == 0 ? 5 : 1)
        }
        let task = try TextTask.similarity(name: "alike", train: pairs, test: pairs)
        #expect(try task.kind == .similarity && task.summary().metric == "spearman")
        let bundle = try await model.train(.adapter(.bottleneck), on: task, options: Fixture.options).result.bundle
        #expect(bundle.heads[0].output == .similarity(1...5))
        let numbers = try await Predictor(model, bundle).numbers(ofPairs: [("a", "a"), ("a", "h")])
        #expect(abs(numbers[0][0] - 5) < 1e-4 && numbers[1][0] < numbers[0][0])
    }
}
