import Foundation
import Testing

@testable import Numerics

/// Losses of distributions over the classes: against torch (Tests/Golden/losses_golden.py), against central differences, and
/// against the loss of classes.
@Suite struct SoftTargetTests {
    private struct Golden: Decodable {
        struct Case: Decodable {
            let logits: [Float]
            let losses: [Double]
            let gradient: [Double]
            let targets: [Float]
            let classWeights: [Float]?
            let smoothing: Float
        }

        let rows: Int
        let classes: Int
        let cases: [Case]
    }

    private func golden() throws -> Golden {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Golden/losses/cross_entropy.json")
        return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: url))
    }

    /// float32 logits against float64: 1e-6 of a loss near 1.
    @Test func equalsTorch() throws {
        let golden = try golden()
        #expect(golden.cases.contains { $0.classWeights != nil && $0.smoothing > 0 })
        for each in golden.cases {
            let probe = try LogitProbe(each.logits, classes: golden.classes) { logits, builder in
                CrossEntropy(
                    logits, head: 0, classWeights: each.classWeights, smoothing: each.smoothing, in: builder)
            }
            let targets = HeadTargets(.distributions(each.targets, classes: golden.classes))
            let (losses, _, gradient) = probe.run(targets)
            expectClose(losses, each.losses, 1e-6)
            // The mean over the rows
            expectClose(gradient, each.gradient.map { $0 / Double(golden.rows) }, 1e-6)
        }
    }

    /// A class and a distribution with all of it there give the same bytes, with class weights and smoothing too.
    @Test(arguments: [nil, [0.5, 2, 1] as [Float]], [0, 0.1] as [Float])
    func oneHotEqualsTheClass(_ classWeights: [Float]?, _ smoothing: Float) throws {
        let classes: [Int32] = [2, 0, -1, 1]
        let shares = classes.flatMap { c in (0..<3).map { c < 0 ? Float.nan : $0 == c ? 1 : 0 } }
        let probe = try LogitProbe(normals(12, 3), classes: 3) {
            CrossEntropy($0, head: 0, classWeights: classWeights, smoothing: smoothing, in: $1)
        }
        let hard = HeadTargets(.classes(classes), classWeights: classWeights)
        let soft = HeadTargets(.distributions(shares, classes: 3), classWeights: classWeights)
        #expect(hard.normalizer == soft.normalizer && soft.values.isPresent == [true, true, false, true])
        let (a, b) = (probe.run(hard), probe.run(soft))
        #expect(a.losses.map(\.bitPattern) == b.losses.map(\.bitPattern) && a.losses[2] == 0)
        #expect(a.gradient.map(\.bitPattern) == b.gradient.map(\.bitPattern) && a.gradient.contains { $0 != 0 })
    }

    @Test func gradientOfDistributions() throws {
        let shares: [Float] = [0.2, 0.5, 0.3, 0, 0, 1, .nan, .nan, .nan, 0.9, 0.1, 0]
        let targets = HeadTargets(
            .distributions(shares, classes: 3), weights: [1, 0.25, 3, 2], classWeights: [1, 2, 0.5])
        let probe = try LogitProbe(normals(12, 5), classes: 3) {
            CrossEntropy($0, head: 0, classWeights: [1, 2, 0.5], smoothing: 0.05, in: $1)
        }
        probe.check(targets)
    }

    /// A row with the weight 2 counts as two rows, and one with the weight 0 as none, in the normalizer too.
    @Test func weightsCountRows() throws {
        let logits = normals(12, 8)
        func probe(_ rows: [Int]) throws -> LogitProbe {
            try LogitProbe(rows.flatMap { logits[$0 * 3..<($0 + 1) * 3] }, classes: 3) {
                CrossEntropy($0, head: 0, in: $1)
            }
        }
        let weighted = HeadTargets(.classes([0, 1, 2, 0]), weights: [2, 0, 1, 1])
        let repeated = HeadTargets(.classes([0, 0, 2, 0]))
        #expect(weighted.normalizer == 4)
        let (a, b) = (try probe([0, 1, 2, 3]).run(weighted), try probe([0, 0, 2, 3]).run(repeated))
        #expect(abs(a.mean - b.mean) < 1e-6 && a.mean > 0)
        expectClose(a.gradient[0..<3], (0..<3).map { Double(b.gradient[$0] + b.gradient[3 + $0]) }, 1e-6)
        #expect(a.gradient[3..<6].allSatisfy { $0 == 0 })
        expectClose(a.gradient[6...], b.gradient[6...].map(Double.init), 1e-6)
        // All weights 0: no loss, rather than a division by it
        let nothing = try probe([0, 1, 2, 3]).run(HeadTargets(.classes([0, 1, 2, 0]), weights: [0, 0, 0, 0]))
        #expect(nothing.mean == 0 && nothing.gradient.allSatisfy { $0 == 0 })
    }
}
