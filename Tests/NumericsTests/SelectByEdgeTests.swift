import Testing

@testable import Numerics

/// Other rows at the ends of sequences.
@Suite struct SelectByEdgeTests {
    private typealias Ops = OperationGradientTests

    /// Prefix alone, suffix alone, both, and one value for both; sequences of 1 to 5 tokens. All values are read elsewhere, too.
    @Test(arguments: [[2, 0], [0, 1], [2, 1], [1, 3], [9, 9]], [false, true]) func gradients(
        _ ends: [Int], _ isTied: Bool
    ) throws {
        let specs = Ops.head + [Ops.matrix("a", Ops.d, Ops.d), Ops.matrix("b", Ops.d, Ops.d)]
        try OperationProbe(specs) { builder, x, operand in
            let a = builder.append(Linear(x, weight: try operand("a"), bias: nil, in: builder))
            let b = builder.append(Linear(x, weight: try operand("b"), bias: nil, in: builder))
            let y = builder.append(
                SelectByEdge(
                    x, first: ends[0] > 0 ? (a, ends[0]) : nil, last: ends[1] > 0 ? (isTied ? a : b, ends[1]) : nil,
                    in: builder))
            let sum = builder.append(WeightedSum([y, a, b, x], weights: [1, 0.3, 0.2, 0.5], in: builder))
            return try Ops.classify(sum, builder, operand)
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
        func factor(_ place: Int, _ length: Int) -> Float { place >= length - 2 ? 100 : place < 3 ? 10 : 1 }
        for threads in [1, 2, 3] {
            let builder = PlanBuilder()
            let table = Weight((0..<80).map { Float($0) }, shape: [40, 2])
            let x = builder.append(Embedding(words: .frozen(table), positions: nil, types: nil, in: builder))
            func select(_ x: Value) -> Value {
                let others = [10, 100].map { builder.append(WeightedSum([x], weights: [Float($0)], in: builder)) }
                return builder.append(SelectByEdge(x, first: (others[0], 3), last: (others[1], 2), in: builder))
            }
            let y = select(x)
            // The first token of a text is 0, so the second column tells
            let first = select(builder.append(Pool(x, .first, in: builder)))
            let plan = Plan(builder, outputs: [y, first], trains: false)
            var sharing = Sharing()
            sharing.always = true
            sharing.leastWork = 1
            let workspace = Workspace(threads: threads, sharing: sharing)
            let run = plan.run(batch, workspace: workspace)
            withExtendedLifetime(workspace) {
                let expected = lengths.flatMap { length in
                    (0..<length).flatMap { place in [0, 1].map { factor(place, length) * Float(2 * place + $0) } }
                }
                #expect(Array(run.values(y)) == expected, "\(threads)")
                #expect(Array(run.values(first)) == lengths.flatMap { [0, factor(0, $0)] })
            }
        }
    }
}
