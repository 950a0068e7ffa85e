import Foundation
import Testing

@testable import Numerics

/// Gates of whole sequences: their values by the definition, and their gradients.
@Suite struct SequenceGateTests {
    private static let specs = [
        OperationGradientTests.matrix("gate", 2, OperationProbe.width), OperationGradientTests.vector("gate.bias", 2),
    ]

    @Test(arguments: [[], ["words", "positions", "types"], ["gate", "gate.bias"]] as [Set<String>])
    func gradients(_ frozen: Set<String>) throws {
        try OperationProbe(OperationGradientTests.head + Self.specs, frozen: frozen) { builder, x, operand in
            let scores = builder.append(
                Linear(x, weight: try operand("gate"), bias: try operand("gate.bias"), in: builder))
            let gate = builder.append(SequenceGate(scores, in: builder))
            // Of tokens, twice from one gate, and of sequences
            let y = builder.append(GatedRows(x, by: gate, column: 1, in: builder))
            let z = builder.append(GatedRows(y, by: gate, in: builder))
            let sum = builder.append(WeightedSum([x, y, z], weights: [0.5, 1, 1], in: builder))
            let pooled = builder.append(Pool(sum, .mean, in: builder))
            let rows = builder.append(GatedRows(pooled, by: gate, column: 1, in: builder))
            return try OperationGradientTests.classify(rows, builder, operand)
        }.check()
    }

    /// Three sequences, one of a single token: the mean of σ over their own tokens, whatever stands beside them.
    @Test func values() throws {
        try Products.load()
        let words: [Float] = [0, 1, -2, 3, 0.5]
        let parameters = try ParameterBuffer([ParameterSpec("words", [5, 1], .values(words))], seed: 0)
        let builder = PlanBuilder()
        let operand = OperandTable(trainable: parameters) { _ in nil }
        let x = builder.append(Embedding(words: try operand("words"), positions: nil, types: nil, in: builder))
        let gate = builder.append(SequenceGate(x, in: builder))
        let y = builder.append(GatedRows(x, by: gate, in: builder))
        let plan = Plan(builder, outputs: [gate, y], trains: false)
        let texts: [[Int32]] = [[1, 2, 3], [4], [0, 2]]
        let batch = PackedBatch(
            texts.enumerated().map { ($1, $1.map { _ in 0 }, SequenceRow(example: UInt64($0))) })
        let workspace = Workspace(threads: 2)
        let results = plan.run(batch, workspace: workspace)
        let expected = texts.map { text in
            text.reduce(0.0) { $0 + 1 / (1 + exp(-Double(words[Int($1)]))) } / Double(text.count)
        }
        for (found, wanted) in zip(results.values(gate), expected) { #expect(abs(Double(found) - wanted) < 1e-6) }
        let products = zip(texts, expected).flatMap { text, gate in text.map { gate * Double(words[Int($0)]) } }
        for (found, wanted) in zip(results.values(y), products) { #expect(abs(Double(found) - wanted) < 1e-6) }
    }
}
