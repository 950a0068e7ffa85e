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

    private struct Distilled: Decodable {
        struct Case: Decodable {
            let logits: [Float]
            let losses: [Double]
            let gradient: [Double]
            let teacher: [Double]
            let classes: [Int32]
            let temperature: Double
            let alpha: Double
        }

        let rows: Int
        let classes: Int
        let cases: [Case]
    }

    private func golden<Content: Decodable>(_ name: String, as type: Content.Type) throws -> Content {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Golden/losses/\(name).json")
        return try JSONDecoder().decode(type, from: Data(contentsOf: url))
    }

    /// The teacher's distribution is float32: 2e-5 of a loss that T² makes up to 25 times as large.
    @Test func distillationEqualsTorch() throws {
        let golden = try golden("distillation", as: Distilled.self)
        #expect(golden.cases.contains { $0.temperature > 1 && $0.alpha < 1 })
        for each in golden.cases {
            let width = golden.classes
            let teacher = (0..<golden.rows).flatMap { row -> [Float] in
                let powers = each.teacher[row * width..<(row + 1) * width].map { pow($0, 1 / each.temperature) }
                return powers.map { Float($0 / powers.reduce(0, +)) }
            }
            let probe = try LogitProbe(each.logits, classes: width) {
                DistilledCrossEntropy(
                    $0, head: 0, temperature: each.temperature, alpha: each.alpha, in: $1)
            }
            let (losses, _, gradient) = probe.run(HeadTargets(.classes(each.classes), teacher: teacher))
            expectClose(losses, each.losses, 2e-5)
            expectClose(gradient, each.gradient.map { $0 / Double(golden.rows) }, 2e-5)
        }
    }

    /// Rows may lack a target, a teacher, or both; only the last has no loss and does not count.
    @Test func rowsWithoutTargetOrTeacher() throws {
        let none = [Float](repeating: .nan, count: 3)
        let teacher = [0.2, 0.5, 0.3] + none + [0, 1, 0] + none
        let targets = HeadTargets(.classes([1, 2, -1, -1]), weights: [1, 2, 0.5, 9], teacher: teacher)
        #expect(targets.normalizer == 3.5)
        let probe = try LogitProbe(normals(12, 2), classes: 3) {
            DistilledCrossEntropy($0, head: 0, smoothing: 0.1, temperature: 2, alpha: 0.6, in: $1)
        }
        let (losses, _, gradient) = probe.run(targets)
        #expect(losses[0...2].allSatisfy { $0 > 0 } && losses[3] == 0 && gradient[9...].allSatisfy { $0 == 0 })
        probe.check(targets)
        // A student that answers as its teacher has nothing to learn from it
        let logits: [Float] = [0.3, -1, 0.5]
        let same = try LogitProbe(logits, classes: 3) {
            DistilledCrossEntropy($0, head: 0, temperature: 3, alpha: 1, in: $1)
        }
        let powers = logits.map { exp(Double($0) / 3) }
        let own = same.run(
            HeadTargets(.classes([-1]), teacher: powers.map { Float($0 / powers.reduce(0, +)) }))
        #expect(abs(own.mean) < 1e-6 && own.gradient.allSatisfy { abs($0) < 1e-6 })
    }

    /// float32 logits against float64: 1e-6 of a loss near 1.
    @Test func equalsTorch() throws {
        let golden = try golden("cross_entropy", as: Golden.self)
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
