import Foundation
import Testing

@testable import Numerics

/// The loss of spans: a formula of its own, central differences, and windows without targets.
@Suite struct SpanLossTests {
    private typealias Token = HeadTargets.SpanToken

    /// Windows of 1, 4, 3 and 2 tokens; the third has no target, and the last one's is its first token alone.
    private static let tokens: [Token] = [
        [.first, .start, .end], [.first], [.start], [], [.end], [.first], [], [], [.first, .start, .end], [],
    ]
    private static let logits = (0..<20).map { 2 * Randomness.normal(5, $0) }

    private func targets(_ tokens: [Token] = tokens, weights: [Float]? = nil) -> HeadTargets {
        HeadTargets(.spans(tokens), marks: (0..<Int32(tokens.count)).map { $0 }, weights: weights)
    }

    private func loss(_ window: Range<Int>, start: Int, end: Int) -> Double {
        func one(_ column: Int, _ target: Int) -> Double {
            let values = window.map { Double(Self.logits[2 * $0 + column]) }
            return log(values.reduce(0) { $0 + exp($1) }) - Double(Self.logits[2 * target + column])
        }
        return (one(0, start) + one(1, end)) / 2
    }

    @Test func meanOfTheCrossEntropiesOfStartAndEnd() throws {
        #expect(targets().normalizer == 3)
        let found = try run(Self.tokens)
        let expected = [loss(0..<1, start: 0, end: 0), loss(1..<5, start: 2, end: 4), loss(8..<10, start: 8, end: 8)]
        expectClose([found.raw[0], found.raw[1], found.raw[8]], expected, 1e-6, "losses")
        #expect(found.raw.enumerated().allSatisfy { $1 == 0 || [0, 1, 8].contains($0) })
        #expect(abs(found.mean - expected.reduce(0, +) / 3) < 1e-6)
    }

    /// A window's weight stands in its first row.
    @Test func weights() {
        let weights: [Float] = [2, 0.5, 9, 9, 9, 9, 9, 9, 1, 9]
        #expect(targets(weights: weights).normalizer == 3.5)
    }

    @Test func withoutTargets() throws {
        #expect(targets([[.first], [], [.first]]).normalizer == 0)
        let found = try run([[.first], [], [.first], [.first, .start], [], [.first, .end], [.first], [], [], []])
        #expect(found.mean == 0 && found.raw.allSatisfy { $0 == 0 } && found.gradient.allSatisfy { $0 == 0 })
    }

    @Test func gradientAgainstCentralDifferences() throws {
        let found = try run(Self.tokens)
        let h: Float = 0.02
        for i in Self.logits.indices {
            func at(_ offset: Float) throws -> Double { try run(Self.tokens, moving: i, by: offset).mean }
            let slope = try (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * Double(h))
            #expect(abs(slope - Double(found.gradient[i])) < 2e-4, "logit \(i): \(found.gradient[i]), slope \(slope)")
        }
        #expect(found.gradient[10..<16].allSatisfy { $0 == 0 }, "a window without a target")
    }

    /// One sequence for each window, so that slices end between windows; any number of threads gives the same.
    private func run(
        _ tokens: [Token], moving index: Int? = nil, by offset: Float = 0
    ) throws -> (raw: [Float], mean: Double, gradient: [Float]) {
        try Products.load()
        var values = Self.logits
        if let index { values[index] += offset }
        let parameters = try ParameterBuffer([ParameterSpec("logits", [10, 2], .values(values))], seed: 0)
        let zeros = Weight([Float](repeating: 0, count: 20), shape: [10, 2])
        let operand = OperandTable(trainable: parameters) { $0 == "zeros" ? zeros : nil }
        let builder = PlanBuilder()
        let x = builder.append(
            Embedding(
                words: try operand("logits"), positions: try operand("zeros"), types: try operand("zeros"),
                firstPosition: 0, in: builder))
        let marked = builder.append(GatherMarked(x, head: 0, in: builder))
        let raw = builder.append(SpanCrossEntropy(marked, head: 0, in: builder))
        let loss = builder.append(Reduce(raw, head: 0, in: builder))
        let plan = Plan(builder, outputs: [raw, loss], trains: true)
        let starts = tokens.indices.filter { tokens[$0].contains(.first) } + [tokens.count]
        let sequences = zip(starts, starts.dropFirst()).enumerated().map { i, range in
            let ids = (range.0..<range.1).map { Int32($0) }
            return (ids: ids, types: ids.map { _ in Int32(0) }, row: SequenceRow(example: UInt64(i)))
        }
        let batch = PackedBatch(sequences, targets: [0: targets(tokens)])
        let results = plan.run(batch, workspace: Workspace(threads: 2))
        return (
            Array(results.values(raw)), results.values(loss).reduce(0) { $0 + Double($1) },
            parameters.parameters[0].gradientArray
        )
    }
}
