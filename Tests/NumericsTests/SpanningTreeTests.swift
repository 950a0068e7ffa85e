import Foundation
import Testing

@testable import Numerics

/// Maximum spanning trees against all trees (`Tests/Golden/trees_golden.py`).
@Suite struct SpanningTreeTests {
    private struct File: Decodable {
        struct Case: Decodable {
            var kind: String
            var scores: [[Double]]
            var best: Double
            var trees: [[Int]]
        }
        var trees: [Case]
    }

    private static func isTree(_ heads: [Int]) -> Bool {
        guard heads.count(where: { $0 == 0 }) == 1 else { return false }
        return heads.indices.allSatisfy { start in
            var (node, steps) = (start + 1, 0)
            while node > 0, steps <= heads.count { (node, steps) = (heads[node - 1], steps + 1) }
            return node == 0
        }
    }

    private static func sum(_ scores: [[Double]], _ heads: [Int]) -> Double {
        heads.enumerated().reduce(0) { $0 + scores[$1.offset][$1.element] }
    }

    @Test func bestOfAllTrees() throws {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Golden/tasks/trees.json")
        let cases = try JSONDecoder().decode(File.self, from: Data(contentsOf: url)).trees
        #expect(cases.count > 50)
        for (number, one) in cases.enumerated() {
            let heads = SpanningTree.heads(Array(one.scores.joined()), words: one.scores.count)
            #expect(Self.isTree(heads), "case \(number), \(one.kind): \(heads)")
            #expect(abs(Self.sum(one.scores, heads) - one.best) < 1e-9, "case \(number), \(one.kind): \(heads)")
            if one.kind != "ties" { #expect(one.trees.contains(heads), "case \(number): \(heads)") }
        }
    }

    /// Whatever the scores, the result is a tree; no exchange of one word's head makes it better.
    @Test(arguments: [1, 2, 3, 17, 60, 200]) func largeGraphs(words: Int) {
        for seed in UInt64(1)...5 {
            var scores = (0..<words).map { i in
                (0...words).map { j in Double(Randomness.normal(Randomness.key(seed, UInt64(i)), j)) }
            }
            // Rings of words that like each other
            for i in 0..<words where words > 1 { scores[i][(i / 3 * 3 + (i + 1) % 3) % words + 1] += 3 }
            let heads = SpanningTree.heads(Array(scores.joined()), words: words)
            #expect(Self.isTree(heads), "seed \(seed)")
            let sum = Self.sum(scores, heads)
            for word in 0..<words {
                for head in 0...words where head != word + 1 {
                    var other = heads
                    other[word] = head
                    if Self.isTree(other) { #expect(Self.sum(scores, other) <= sum + 1e-9, "seed \(seed)") }
                }
            }
        }
    }

    @Test func hostileScores() {
        #expect(SpanningTree.heads([], words: 0).isEmpty)
        for value in [Double.nan, .infinity, -.infinity, 0, 1e300] {
            for words in [1, 2, 5, 30] {
                let heads = SpanningTree.heads([Double](repeating: value, count: words * (words + 1)), words: words)
                #expect(Self.isTree(heads), "\(value), \(words) words: \(heads)")
            }
        }
    }
}
