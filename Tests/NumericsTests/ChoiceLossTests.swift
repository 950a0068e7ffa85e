import Foundation
import Testing

@testable import Numerics

/// Losses of independent labels and of choices against torch (Tests/Golden/losses_golden.py), and their gradients against central
/// differences.
@Suite struct ChoiceLossTests {
    private struct Binary: Decodable {
        struct Case: Decodable {
            let logits: [Float]
            let losses: [Double]
            let gradient: [Double]
            let targets: [Float?]
            let smoothing: Float
        }
        let classes: Int
        let cases: [Case]
    }

    private struct Groups: Decodable {
        struct Case: Decodable {
            let logits: [Float]
            let losses: [Double]
            let gradient: [Double]
            let sizes: [Int]
            let right: [Int?]
            let smoothing: Float

            /// The right row of each group has class 0.
            var targets: HeadTargets {
                let classes = zip(sizes, right).flatMap { size, right in
                    (0..<size).map { Int32($0 == right ? 0 : -1) }
                }
                var targets = HeadTargets(.classes(classes))
                targets.groups = sizes
                return targets
            }
        }
        let cases: [Case]
    }

    private func golden<Content: Decodable>(_ name: String, as type: Content.Type) throws -> Content {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Golden/losses/\(name).json")
        return try JSONDecoder().decode(type, from: Data(contentsOf: url))
    }

    /// The head's loss is the mean over rows with a target: the sum's gradient divided by their number.
    private func check(
        _ probe: LogitProbe, _ targets: HeadTargets, losses: [Double], gradient: [Double], counted: Int
    ) {
        let found = probe.run(targets)
        expectClose(found.losses, losses, 1e-6, "losses")
        expectClose(found.gradient, gradient.map { $0 / Double(counted) }, 1e-6, "gradient")
        #expect(abs(found.mean - losses.reduce(0, +) / Double(counted)) < 1e-6)
        probe.check(targets)
    }

    @Test func labelsEqualTorch() throws {
        let golden = try golden("binary", as: Binary.self)
        #expect(golden.cases.contains { $0.smoothing > 0 } && golden.cases[0].targets.contains(nil))
        for each in golden.cases {
            let probe = try LogitProbe(each.logits, classes: golden.classes) {
                BinaryCrossEntropy($0, head: 0, smoothing: each.smoothing, in: $1)
            }
            let targets = HeadTargets(.numbers(each.targets.map { $0 ?? .nan }, width: golden.classes))
            check(
                probe, targets, losses: each.losses, gradient: each.gradient, counted: each.losses.count { $0 > 0 })
        }
    }

    /// Groups of one to five rows, one of them without a right row.
    @Test func choicesEqualTorch() throws {
        for each in try golden("groups", as: Groups.self).cases {
            let probe = try LogitProbe(each.logits, classes: 1, groups: each.sizes) {
                GroupCrossEntropy($0, head: 0, smoothing: each.smoothing, in: $1)
            }
            check(
                probe, each.targets, losses: each.losses, gradient: each.gradient,
                counted: each.right.count { $0 != nil })
        }
    }

    /// The size of no logit matters: neither loss nor gradient overflows.
    @Test func largeLogits() throws {
        let labels = try LogitProbe([200, -200, 90], classes: 3) { BinaryCrossEntropy($0, head: 0, in: $1) }
            .run(HeadTargets(.numbers([0, 1, 1], width: 3)))
        #expect(abs(labels.losses[0] - 400 / 3) < 1e-4 && labels.gradient.allSatisfy(\.isFinite))
        var targets = HeadTargets(.classes([-1, 0]))
        targets.groups = [2]
        let choices = try LogitProbe([200, -200], classes: 1, groups: [2]) { GroupCrossEntropy($0, head: 0, in: $1) }
            .run(targets)
        #expect(abs(choices.losses[1] - 400) < 1e-4 && choices.gradient == [1, -1])
    }

    /// Without targets, as in prediction, there is no loss and no gradient.
    @Test func withoutTargets() throws {
        let probe = try LogitProbe([1, 2, 3, 4], classes: 1, groups: [2, 2]) { GroupCrossEntropy($0, head: 0, in: $1) }
        var targets = HeadTargets(.classes([-1, -1, -1, -1]))
        targets.groups = [2, 2]
        let found = probe.run(targets)
        #expect(found.losses == [0, 0, 0, 0] && found.mean == 0 && found.gradient == [0, 0, 0, 0])
    }
}
