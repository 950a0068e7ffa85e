import Amalgam
import Foundation
import Testing

/// Overlaps of data, changed texts and difficult examples, from Swift.
@Suite struct TrustTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    private func task(_ name: String, train: [String], test: [String]) throws -> TextTask {
        func examples(_ texts: [String]) -> [ClassificationExample] {
            texts.enumerated().map { ClassificationExample($1, label: $0 % 2 == 0 ? "a" : "b") }
        }
        return try .classification(name: name, train: examples(train), test: examples(test))
    }

    @Test func overlapOfTasksInMemory() async throws {
        let a = try task("a", train: ["One text here.", "another text", "x"], test: ["a new text", "ANOTHER, text"])
        let b = try task("b", train: ["a new text!", "y", "z"], test: ["x", "w"])
        let own = try await a.overlap()
        #expect(own.pairs.map { "\($0.a) = \($0.b)" } == ["a, test:2 = a, train:2"])
        #expect(own.pairs[0].kind == .exact && own.pairs[0].similarity == 1)
        #expect(own.count == 1 && own.comparisons.count == 1 && own.morePairs == 0 && own.warnings.isEmpty)
        let both = try await a.overlap(with: [b])
        #expect(
            Set(both.pairs.map { "\($0.a) = \($0.b)" }) == [
                "a, test:2 = a, train:2", "a, test:1 = b, train:1", "b, test:1 = a, train:3",
            ])
        #expect(both.values["exact"]?.number == 3 && both.report.text().contains("b train"))
        var options = OverlapOptions()
        options.maxPairs = 1
        let few = try await a.overlap(with: [b], options: options)
        #expect(few.pairs.count == 1 && few.morePairs == 2 && few.count(.exact) == 3)
        options.threshold = 1.5
        await #expect { try await a.overlap(options: options) } throws: {
            ($0 as? AmalgamError)?.kind == .option && ($0 as? AmalgamError)?.field == "threshold"
        }
        let alone = try task("c", train: ["x", "y"], test: [])
        await #expect { try await alone.overlap() } throws: { ($0 as? AmalgamError)?.kind == .noExamples }
    }

    /// A bundle knows the texts that it was trained on, and says so only of those.
    @Test func overlapWithABundle() async throws {
        let bundle = try await fixture.adapter("game")
        #expect(bundle.provenance.texts == 6)  // of 24 examples
        let trained = Fixture.examples()[0].text.uppercased()
        let other = try task("other", train: ["q", "r"], test: ["s", trained])
        let found = try await other.overlap(bundles: [bundle])
        #expect(found.pairs.map(\.a) == ["other, test:2"] && found.pairs.map(\.b) == ["game"])
    }

    @Test func robustnessAndDifficulty() async throws {
        let (model, task) = (try fixture.model(), try Fixture.task())
        let predictor = try Predictor(model, try await fixture.adapter("game"))
        var evaluation = try await predictor.evaluate(on: task)
        #expect(evaluation.values["perturbations"] == nil)
        let robustness = try await predictor.robustness(of: evaluation)
        #expect(robustness.changes.map(\.name) == ["case"] && robustness.metric == "accuracy")
        #expect(robustness.changes[0].examples == 12 && robustness.changes[0].drop == 0)
        #expect(robustness.skipped.count == Robustness.names.count - 1)
        evaluation.robustness = robustness
        #expect(evaluation.values["perturbations"] != nil && evaluation.report.html.contains("Changed texts"))
        await #expect { try await predictor.robustness(of: evaluation, to: ["luck"]) } throws: {
            ($0 as? AmalgamError)?.field == "changes" && ($0 as? AmalgamError)?.found == "luck"
        }
        let difficulty = try await predictor.difficulty(of: task)
        #expect(difficulty.rows.count == 12 && difficulty.usesTrainingLabels && difficulty.hasConfidences)
        #expect(difficulty.strata.filter { $0.by == "length" }.map(\.examples).reduce(0, +) == 12)
        #expect(difficulty.labelErrors.allSatisfy { $0.suggested != $0.label })
    }
}
