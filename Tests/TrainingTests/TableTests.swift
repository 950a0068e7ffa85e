import Numerics
import Testing

@testable import Training

/// A table's rows are skipped where they have no gradient; nothing of that may show in the numbers.
struct TableTests {
    private static let width = 5
    private static let rows = 40

    /// An embedding of mean-pooled words under a linear head, trained on batches that use few words each.
    private func train(isTable: Bool, steps: Int, decay: Float) throws -> [Float] {
        try Products.load()
        let parameters = try ParameterBuffer(
            [
                ParameterSpec("words", [Self.rows, Self.width], .normal(0.7), isTable: isTable),
                ParameterSpec("head", [3, Self.width], .normal(0.7)),
            ], seed: 1)
        let frozen = ["positions": [8, Self.width], "types": [2, Self.width]].mapValues {
            Weight([Float](repeating: 0.1, count: $0[0] * $0[1]), shape: $0)
        }
        let operand = OperandTable(trainable: parameters) { frozen[$0] }
        let builder = PlanBuilder()
        let x = builder.append(
            Embedding(
                words: try operand("words"), positions: try operand("positions"), types: try operand("types"),
                firstPosition: 0, in: builder))
        let logits = builder.append(
            Linear(builder.append(Pool(x, .mean, in: builder)), weight: try operand("head"), bias: nil, in: builder))
        let losses = builder.append(CrossEntropy(logits, head: 0, in: builder))
        let loss = builder.append(Reduce(losses, head: 0, in: builder))
        let plan = Plan(builder, outputs: [loss], trains: true)
        let workspace = Workspace(threads: 2)
        var settings = AdamW.Settings()
        settings.decay = decay
        let optimizer = AdamW(parameters, settings: settings, pool: workspace.pool)
        for step in 0..<steps {
            let batch = PackedBatch(
                (0..<4).map { i in
                    // words 0..<30 only: the last rows never have a gradient
                    let key = Randomness.key(9, UInt64(step), UInt64(i))
                    let ids = (0..<1 + i).map { Int32(Randomness.integer(key, $0, below: 6) + 6 * (step % 5)) }
                    return (ids, ids.map { _ in 0 }, SequenceRow(example: UInt64(i)))
                }, classes: (0..<4).map { $0 % 3 })
            _ = plan.run(batch, workspace: workspace, stepKey: nil)
            // without clipping: the norm's sum has another order, all else the same bits
            optimizer.step(plan.parameters, rate: 0.05, clip: 0)
        }
        return parameters.parameters.flatMap(\.array)
    }

    @Test(arguments: [Float(0), 0.1]) func skippedRowsMoveAsAllOthers(decay: Float) throws {
        let dense = try train(isTable: false, steps: 23, decay: decay)
        let table = try train(isTable: true, steps: 23, decay: decay)
        #expect(dense == table)
        let start = try train(isTable: true, steps: 0, decay: decay)
        #expect((start == table) == false)
        // what never had a gradient only decays
        let untouched = (30 * Self.width..<Self.rows * Self.width)
        #expect(untouched.allSatisfy { decay > 0 ? abs(table[$0]) < abs(start[$0]) : table[$0] == start[$0] })
    }
}
