import Testing

@testable import Numerics

/// Rows of several values by their places in their sequences.
@Suite struct SelectByPositionTests {
    private static let head = [
        ParameterSpec("w", [OperationProbe.classes, OperationProbe.width], .normal(0.5)),
        ParameterSpec("a", [OperationProbe.width, OperationProbe.width], .normal(0.5)),
        ParameterSpec("b", [OperationProbe.width, OperationProbe.width], .normal(0.5)),
    ]

    /// One value is chosen twice and read elsewhere too, so that gradients are written and added.
    @Test(arguments: [[1, 3, 9], [2, 2, 2], [9, 10, 11]]) func gradients(_ ends: [Int]) throws {
        try OperationProbe(Self.head) { builder, x, operand in
            let a = builder.append(Linear(x, weight: try operand("a"), bias: nil, in: builder))
            let b = builder.append(Linear(x, weight: try operand("b"), bias: nil, in: builder))
            let chosen = builder.append(SelectByPosition([a, b, a], ends: ends, in: builder))
            let sum = builder.append(WeightedSum([chosen, a, b, x], weights: [1, 0.3, 0.2, 0.5], in: builder))
            let pooled = builder.append(Pool(sum, .mean, in: builder))
            return builder.append(Linear(pooled, weight: try operand("w"), bias: nil, in: builder))
        }.check()
    }

    /// What each row is, on any number of threads that share a slice; one row a sequence is the first token's.
    @Test func rows() throws {
        try Products.load()
        let lengths = [1, 3, 7, 2, 40, 5]
        let batch = PackedBatch(
            lengths.enumerated().map { i, length in
                ((0..<length).map { Int32($0) }, [Int32](repeating: 0, count: length), SequenceRow(example: UInt64(i)))
            })
        for threads in [1, 2, 3] {
            let builder = PlanBuilder()
            let table = Weight((0..<80).map { Float($0) }, shape: [40, 2])
            let x = builder.append(
                Embedding(words: .frozen(table), positions: nil, types: nil, in: builder))
            let values = [1, 10, 100].map { builder.append(WeightedSum([x], weights: [Float($0)], in: builder)) }
            let y = builder.append(SelectByPosition(values, ends: [2, 5, 6], in: builder))
            let firsts = values.map { builder.append(Pool($0, .first, in: builder)) }
            let first = builder.append(SelectByPosition(firsts, ends: [1, 2, 3], in: builder))
            let plan = Plan(builder, outputs: [y, first], trains: false)
            var sharing = Sharing()
            sharing.always = true
            sharing.leastWork = 1
            let workspace = Workspace(threads: threads, sharing: sharing)
            let run = plan.run(batch, workspace: workspace)
            let expected = lengths.flatMap { length in
                (0..<length).flatMap { place -> [Float] in
                    let factor: Float = place < 2 ? 1 : place < 5 ? 10 : 100
                    return [factor * Float(2 * place), factor * Float(2 * place + 1)]
                }
            }
            withExtendedLifetime(workspace) {
                #expect(Array(run.values(y)) == expected, "\(threads)")
                #expect(Array(run.values(first)) == lengths.flatMap { _ in [0, 1] })
            }
        }
    }

    /// Equal operations are one where a plan shares values; what learns is not shared.
    @Test func sharedValues() throws {
        let parameters = try ParameterBuffer([ParameterSpec("w", [2, 2], .normal(1))], seed: 1)
        let table = Weight([1, 2, 3, 4], shape: [2, 2])
        let other = Weight([1, 2, 3, 4], shape: [2, 2])
        for shares in [false, true] {
            let builder = PlanBuilder()
            if shares { builder.shareValues() }
            func stream(_ weight: Operand, _ kind: ActivationKind) -> Value {
                let x = builder.append(Embedding(words: .frozen(table), positions: nil, types: nil, in: builder))
                let y = builder.append(Linear(x, weight: weight, bias: nil, in: builder))
                return builder.append(Activation(y, kind, in: builder))
            }
            let parameter = try #require(parameters["w"])
            let (a, b) = (stream(.frozen(table), .relu), stream(.frozen(table), .relu))
            #expect((a == b) == shares)
            #expect(stream(.frozen(table), .gelu) != a && stream(.frozen(other), .relu) != a)
            let learns = stream(.trainable(parameter), .relu)
            #expect(stream(.trainable(parameter), .relu) != learns)
            #expect(builder.operations.count == (shares ? 1 + 2 + 1 + 2 + 4 : 18))
        }
    }
}
