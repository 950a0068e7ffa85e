import Foundation
import Testing

@testable import Numerics

/// What a teacher adds to the losses of labels, choices and spans, against torch (Tests/Golden/losses_golden.py) and central
/// differences.
@Suite struct DistilledFormsTests {
    private struct Golden<Case: Decodable>: Decodable {
        let classes: Int
        let cases: [Case]
    }

    private struct Labels: Decodable {
        let logits: [Float]
        let losses: [Double]
        let gradient: [Double]
        let targets: [Float?]
        let teacher: [Float?]
        let temperature: Double
        let alpha: Double
    }

    /// Groups or windows.
    private struct Runs: Decodable {
        let logits: [Float]
        let losses: [Double]
        let gradient: [Double]
        let sizes: [Int]
        let targets: [[Int]?]
        let teacher: [Float?]
        let temperature: Double
        let alpha: Double

        var term: TeacherTerm { TeacherTerm(temperature: temperature, alpha: alpha) }
        var taught: [Float] { teacher.map { $0 ?? .nan } }
    }

    private func golden<Case: Decodable>(_ name: String, of type: Case.Type) throws -> Golden<Case> {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Golden/losses/\(name).json")
        return try JSONDecoder().decode(Golden<Case>.self, from: Data(contentsOf: url))
    }

    /// Three of four runs have a target or a teacher, four of five rows of labels. The teacher's probabilities are float32: 2e-5 of
    /// a loss that T² makes up to 25 times as large.
    private func check(
        _ probe: LogitProbe, _ targets: HeadTargets, losses: [Double], gradient: [Double], counted: Int
    ) {
        #expect(targets.normalizer == Double(counted))
        let found = probe.run(targets)
        expectClose(found.losses, losses, 2e-5, "losses")
        expectClose(found.gradient, gradient.map { $0 / Double(counted) }, 2e-5, "gradient")
        probe.check(targets)
    }

    @Test func labelsEqualTorch() throws {
        let golden = try golden("distilled_binary", of: Labels.self)
        for each in golden.cases {
            let probe = try LogitProbe(each.logits, classes: golden.classes) {
                BinaryCrossEntropy(
                    $0, head: 0, teacher: TeacherTerm(temperature: each.temperature, alpha: each.alpha), in: $1)
            }
            let targets = HeadTargets(
                .numbers(each.targets.map { $0 ?? .nan }, width: golden.classes),
                teacher: each.teacher.map { $0 ?? .nan }
            )
            check(probe, targets, losses: each.losses, gradient: each.gradient, counted: 4)
        }
    }

    @Test func choicesEqualTorch() throws {
        for each in try golden("distilled_groups", of: Runs.self).cases {
            let probe = try LogitProbe(each.logits, classes: 1, groups: each.sizes) {
                GroupCrossEntropy($0, head: 0, teacher: each.term, in: $1)
            }
            let classes = zip(each.sizes, each.targets).flatMap { size, right in
                (0..<size).map { Int32($0 == right?[0] ? 0 : -1) }
            }
            let targets = HeadTargets(.classes(classes), groups: each.sizes, teacher: each.taught)
            check(probe, targets, losses: each.losses, gradient: each.gradient, counted: 3)
        }
    }

    @Test func spansEqualTorch() throws {
        for each in try golden("distilled_spans", of: Runs.self).cases {
            let probe = try LogitProbe(each.logits, classes: 2, groups: each.sizes) {
                SpanCrossEntropy($0, head: 0, teacher: each.term, in: $1)
            }
            let tokens = zip(each.sizes, each.targets).flatMap { size, target in
                (0..<size).map { place -> HeadTargets.SpanToken in
                    var token: HeadTargets.SpanToken = place == 0 ? [.first] : []
                    if place == target?[0] { token.insert(.start) }
                    if place == target?[1] { token.insert(.end) }
                    return token
                }
            }
            let targets = HeadTargets(.spans(tokens), teacher: each.taught)
            check(probe, targets, losses: each.losses, gradient: each.gradient, counted: 3)
        }
    }

    /// A weight counts a group once, by its right row or its first one.
    @Test func weights() {
        let taught: [Float] = [0.5, 0.5, 1, .nan, .nan]
        let targets = HeadTargets(
            .classes([-1, 0, -1, -1, -1]), groups: [2, 1, 2], weights: [3, 3, 5, 7, 7], teacher: taught)
        #expect(targets.normalizer == 8)
    }

    /// A student that answers as its teacher has nothing to learn from it, and no size of a logit overflows.
    @Test func sameAndLarge() throws {
        let term = TeacherTerm(temperature: 2, alpha: 1)
        let logits: [Float] = [0.3, -4, 90, -200]
        let same = logits.map { Float(BinaryCrossEntropy.sigmoid(Double($0) / 2)) }
        let none = [Float](repeating: .nan, count: 4)
        let probe = try LogitProbe(logits, classes: 4) { BinaryCrossEntropy($0, head: 0, teacher: term, in: $1) }
        let found = probe.run(HeadTargets(.numbers(none, width: 4), teacher: same))
        #expect(abs(found.mean) < 1e-6 && found.gradient.allSatisfy { abs($0) < 1e-6 })
        let far = probe.run(HeadTargets(.numbers(none, width: 4), teacher: [1, 1, 0, 1]))
        #expect(far.mean.isFinite && far.mean > 100 && far.gradient.allSatisfy(\.isFinite))
    }
}
