import Amalgam
import Foundation
import Testing

/// Trainings on distributions over the classes, and with weights.
@Suite struct SoftTargetTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    private func train(_ examples: [ClassificationExample]) async throws -> TrainingResult {
        let task = try TextTask.classification(
            name: "game", train: examples, dev: Fixture.examples(12, shift: 1), labels: ["a", "b"])
        return try await fixture.model().train(.adapter(), on: task, options: Fixture.options).result
    }

    /// All of a distribution on one class is that class: the same losses, and the same adapter. The data have other bytes.
    @Test func oneHotIsTheClass() async throws {
        let hard = Fixture.examples()
        let soft = hard.map { ClassificationExample($0.text, labelProbabilities: [$0.label: 1]) }
        #expect(soft.map(\.label) == hard.map(\.label))
        let (a, b) = (try await train(hard), try await train(soft))
        #expect(a.losses == b.losses && a.bundle.members[0].contentHash == b.bundle.members[0].contentHash)
        #expect(a.run != b.run && a.bundle.provenance.dataSHA256 != b.bundle.provenance.dataSHA256)
        let even = try await train(hard.map { .init($0.text, labelProbabilities: ["a": 0.5, "b": 0.5]) })
        #expect(even.losses != a.losses && even.dev["game"]?.examples == 12)
    }

    /// Rows of weight 0 do not teach: with them or with other labels in them, the result is the same.
    @Test func weights() async throws {
        func examples(_ label: (String) -> String) -> [ClassificationExample] {
            Fixture.examples().enumerated().map { i, example in
                i % 3 == 0
                    ? ClassificationExample(example.text, label: label(example.label), weight: 0)
                    : ClassificationExample(example.text, label: example.label, weight: 2)
            }
        }
        let (a, b) = (try await train(examples { $0 }), try await train(examples { $0 == "a" ? "b" : "a" }))
        #expect(a.losses == b.losses && a.bundle.members[0].contentHash == b.bundle.members[0].contentHash)
        #expect(try await train(Fixture.examples()).losses != a.losses)
    }

    /// The weights of tagging and regression count as well.
    @Test func otherKinds() async throws {
        func tagging(_ weight: Double) throws -> TextTask {
            try .tagging(
                name: "tags",
                train: [
                    TaggingExample(["a", "b", "c"], tags: ["X", "Y", "X"], weight: weight),
                    TaggingExample(["c", "b"], tags: ["Y", "Y"]),
                ])
        }
        func regression(_ weight: Double) throws -> TextTask {
            try .regression(
                name: "numbers",
                train: [
                    RegressionExample("a b", value: 1, weight: weight), RegressionExample("c d", value: 3),
                ])
        }
        for task in [tagging, regression] {
            var losses: [[Double]] = []
            for weight in [1, 5] {
                losses.append(
                    try await fixture.model().train(.head, on: task(Double(weight)), options: Fixture.options).result
                        .losses)
            }
            #expect(losses[0] != losses[1] && losses.joined().allSatisfy { $0 > 0 })
        }
    }
}
