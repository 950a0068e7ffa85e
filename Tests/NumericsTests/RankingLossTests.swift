import Foundation
import Testing

@testable import Numerics

/// Losses that compare rows against torch (Tests/Golden/losses_golden.py), and their gradients against central differences.
@Suite struct RankingLossTests {
    private struct Contrast: Decodable {
        struct Case: Decodable {
            let logits: [Float]
            let losses: [Double]
            let gradient: [Double]
            let roles: [String]
            let temperature: Float

            var targets: HeadTargets {
                HeadTargets(
                    .contrasts(
                        roles.map { role in
                            let document = Int32(role.dropFirst()) ?? -1
                            return role == "q"
                                ? .query
                                : role.hasPrefix("r") ? .relevant(document: document) : .irrelevant(document: document)
                        }))
            }
        }
        let cases: [Case]
    }

    private struct Cosine: Decodable {
        struct Case: Decodable {
            let logits: [Float]
            let losses: [Double]
            let gradient: [Double]
            let scores: [Float?]
        }
        let cases: [Case]
    }

    private func golden<Content: Decodable>(_ name: String, as type: Content.Type) throws -> Content {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Golden/losses/\(name).json")
        return try JSONDecoder().decode(type, from: Data(contentsOf: url))
    }

    /// The head's loss is the mean over the queries: the sum's gradient divided by their number.
    @Test func queriesAgainstTheirBatch() throws {
        let cases = try golden("contrast", as: Contrast.self).cases
        #expect(cases.count == 6)
        for each in cases {
            let probe = try LogitProbe(each.logits, classes: 4, groups: [each.roles.count]) { rows, builder in
                InBatchCrossEntropy(
                    builder.append(UnitRows(rows, in: builder)), head: 0, temperature: each.temperature, in: builder)
            }
            let queries = Double(each.roles.count { $0 == "q" })
            let found = probe.run(each.targets)
            expectClose(found.losses, each.losses, 1e-5, "losses")
            expectClose(found.gradient, each.gradient.map { $0 / queries }, 1e-5, "gradient")
            #expect(abs(found.mean - each.losses.reduce(0, +) / queries) < 1e-5)
            if queries > 1 { probe.check(each.targets) }
        }
        // A query alone has nothing to lose against
        #expect(cases[4].losses == [0, 0])
    }

    @Test func cosinesOfPairs() throws {
        for each in try golden("cosine", as: Cosine.self).cases {
            let probe = try LogitProbe(each.logits, classes: 4, groups: each.scores.map { _ in 2 }) { rows, builder in
                CosineSquaredError(builder.append(UnitRows(rows, in: builder)), head: 0, range: 1...5, in: builder)
            }
            let targets = HeadTargets(.numbers(each.scores.flatMap { [$0 ?? .nan, .nan] }, width: 1))
            let found = probe.run(targets)
            let counted = Double(each.scores.count { $0 != nil })
            expectClose(found.losses, each.losses, 1e-5, "losses")
            expectClose(found.gradient, each.gradient.map { $0 / counted }, 1e-5, "gradient")
            probe.check(targets)
        }
    }

    /// The products that rank documents.
    @Test func dots() throws {
        try Products.load()
        for width in [1, 7, 16, 33, 384] {
            let row = (0..<width).map { Float($0 % 5) - 2 }
            let x = (0..<3 * width).map { Float($0 % 7) - 3 }
            let expected = (0..<3).map { r in (0..<width).reduce(Float(0)) { $0 + row[$1] * x[r * width + $1] } }
            #expect(Products.dots(row, x, rows: 3) == expected)
        }
        #expect(Products.dots([1, 2], [], rows: 0).isEmpty)
    }
}
