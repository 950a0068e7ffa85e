import Amalgam
import Foundation
import Testing

/// Clusters of mentions from programs.
@Suite struct CoreferenceTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    /// `x` is named, and `z` is who was.
    private static func examples(_ count: Int, shift: Int = 0) -> [CoreferenceExample] {
        (0..<count).map { i in
            let place = (i + shift) % 3
            var words = ["a", "b", "c"]
            words[place] = "x"
            return CoreferenceExample(
                [words, ["z", "d"]], clusters: [[WordMention(place, place), WordMention(3, 3)]])
        }
    }

    @Test func trainedPredictedAndScored() async throws {
        let model = try fixture.model()
        let task = try TextTask.coreference(
            name: "names", train: Self.examples(60), dev: Self.examples(9, shift: 1), test: Self.examples(9, shift: 2))
        #expect(task.kind == .coreference)
        #expect(try task.summary().metric == "conll_f1")
        var options = Fixture.options
        options.epochs = 10
        options.learningRate = 1e-2
        let result = try await model.train(.adapter(.bottleneck), on: task, options: options).result
        let head = try #require(result.bundle.heads.first)
        #expect(head.kind == "coreference" && head.output == .clusters && head.pooling == nil && head.labels.isEmpty)
        #expect(head.taskKind == .coreference)
        let predictor = try Predictor(model, result.bundle)
        let found = try await predictor.clusters(of: [[["a", "x", "c"], ["z", "d"]], [["a"]], []])
        #expect(found == [[[WordMention(1, 1), WordMention(3, 3)]], [], []])
        let scores = try await predictor.evaluate(on: task)
        #expect(
            scores.metric == "conll_f1" && scores["ceafe_f1"] != nil && scores.score.value > 0.8, "\(scores.scores)")
        let error = await AmalgamError.thrown { _ = try await predictor.classes(of: ["a"]) }
        #expect(error?.kind == .head && error?.description.contains("predicts clusters, not classes") == true)
    }

    /// The same examples in a file give the same bytes.
    @Test func filesAndMemoryAgree() async throws {
        let model = try fixture.model()
        func rows(_ examples: [CoreferenceExample]) -> [String] {
            examples.map { example in
                let sentences = example.sentences.map { "[\($0.map { "\"\($0)\"" }.joined(separator: ","))]" }
                let mentions = example.clusters[0].map { "[\($0.first),\($0.last)]" }
                return "{\"sentences\": [\(sentences.joined(separator: ","))], \"clusters\": "
                    + "[[\(mentions.joined(separator: ","))]]}"
            }
        }
        try fixture.write("names/train.jsonl", rows(Self.examples(24)))
        try fixture.write("names/dev.jsonl", rows(Self.examples(9, shift: 1)))
        let stored = try TextTask(contentsOf: fixture.url("names"))
        let memory = try TextTask.coreference(
            name: "names", train: Self.examples(24), dev: Self.examples(9, shift: 1))
        let first = try await model.train(.head, on: stored, options: Fixture.options).result.bundle
        let second = try await model.train(.head, on: memory, options: Fixture.options).result.bundle
        #expect(try first.data() == second.data())
    }

    private static let realModel = ProcessInfo.processInfo.environment["AMALGAM_TEST_MODEL"]

    /// Two dozen documents teach a real model what pronouns refer to.
    @Test(.enabled(if: realModel != nil, "AMALGAM_TEST_MODEL is not set")) func sample() async throws {
        let documents = CoreferenceSample.documents
        #expect(documents.count == 36 && documents.count { $0.clusters.isEmpty } == 4)
        let task = try TextTask.coreference(
            name: "sample", train: Array(documents[..<24]), dev: Array(documents[24..<30]),
            test: Array(documents[30...]))
        let model = try Model(folder: URL(fileURLWithPath: try #require(Self.realModel)), cache: fixture.url("cache"))
        var options = Fixture.options
        options.epochs = 30
        options.batch = .examples(4)
        let result = try await model.train(.adapter(.bottleneck), on: task, options: options).result
        let scores = try await Predictor(model, result.bundle).evaluate(on: task)
        #expect(scores.score.value > 0.5, "\(scores.scores)")
    }

    /// A mention that is not in the document names the example.
    @Test func wrongPlaces() async throws {
        let task = try TextTask.coreference(
            name: "c", train: [CoreferenceExample([["a"]], clusters: [[WordMention(0, 1)]])])
        let error = await AmalgamError.thrown { _ = try task.summary() }
        #expect(error?.kind == .invalidContent && error?.line == 1 && error?.field == "clusters")
    }
}
