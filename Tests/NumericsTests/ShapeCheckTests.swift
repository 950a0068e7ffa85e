import Testing

@testable import Numerics

private func frozen(_ shape: Int...) -> Operand {
    .frozen(Weight([Float](repeating: 0, count: shape.reduce(1, *)), shape: shape))
}

/// Every operation refuses operands that do not fit when the plan is built: at run time nothing looks at shapes.
@Suite struct ShapeCheckTests {
    /// Some values to build on.
    struct Values {
        let builder = PlanBuilder()
        let x: Value
        let narrow: Value
        let pooled: Value

        init() {
            x = builder.value(.tokens, 4)
            narrow = builder.value(.tokens, 3)
            pooled = builder.value(.sequences, 4)
        }
    }

    /// Operands that fit are accepted: what stops the processes below is the shape.
    @Test func fittingShapes() {
        let v = Values()
        let key = v.builder.value(.sequences, 8)
        _ = Attention(
            q: v.pooled, k: v.x, v: v.x, extra: (key, key, 2), heads: 2, dropout: .none, in: v.builder)
        _ = Columns(v.x, 1..<4, in: v.builder)
        _ = DropAdd(v.x, residual: v.x, dropout: .none, in: v.builder)
        _ = MultiplyRows(v.x, by: frozen(4), in: v.builder)
        _ = LayerNorm(v.x, gamma: frozen(4), beta: frozen(4), epsilon: 1e-5, in: v.builder)
        _ = Linear(v.x, weight: frozen(3, 4), bias: frozen(3), residual: v.narrow, in: v.builder)
        _ = Embedding(
            words: frozen(9, 4), positions: frozen(5, 4), types: frozen(2, 4), firstPosition: 2,
            in: v.builder)
        _ = FusionMix(
            w: v.builder.value(.tokens, 5), z: v.narrow, queryBias: v.builder.value(.tokens, 1), widths: [1, 2],
            temperature: 1, dropout: .none, in: v.builder)
        _ = AdapterAttention(
            query: v.x, queryBias: v.builder.value(.tokens, 1), outputs: [v.x, v.x], temperature: 1, dropout: .none,
            in: v.builder)
        _ = WeightedSum([v.x, v.x], weights: [0.5, 0.5], in: v.builder)
        _ = Concatenate([v.x, v.narrow], in: v.builder)
        _ = Pool(v.x, .mean, in: v.builder)
        _ = CrossEntropy(v.pooled, head: 0, classWeights: [1, 2, 3, 4], in: v.builder)
        _ = Reduce(v.builder.value(.sequences, 1), head: 0, in: v.builder)
        _ = SquaredError(v.pooled, head: 0, means: [0, 0, 0, 0], scales: [1, 1, 1, 1], in: v.builder)
        _ = GatherMarked(v.x, head: 0, in: v.builder)
        let table = MaskedCrossEntropy.TokenTable([1, 2], of: Weight([Float](repeating: 0, count: 36), shape: [9, 4]))
        _ = MaskedCrossEntropy(v.x, head: 0, table, bias: frozen(9), in: v.builder)
        _ = RepeatedTensor(frozen(2, 4), rows: .sequences, in: v.builder)
        #expect(
            v.builder.derive("t", rows: 2) { [$0.append(WeightRows(frozen(2, 4), in: $0))] }[0].shape == [2, 4])
    }

    @Test func attention() async {
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = Attention(q: v.x, k: v.narrow, v: v.x, heads: 2, dropout: .none, in: v.builder)
        }
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = Attention(q: v.x, k: v.pooled, v: v.x, heads: 2, dropout: .none, in: v.builder)
        }
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = Attention(q: v.x, k: v.x, v: v.x, heads: 3, dropout: .none, in: v.builder)
        }
        await #expect(processExitsWith: .failure) {
            let v = Values()
            let key = v.builder.value(.sequences, 8)
            _ = Attention(q: v.x, k: v.x, v: v.x, extra: (key, key, 3), heads: 2, dropout: .none, in: v.builder)
        }
        await #expect(processExitsWith: .failure) {
            let v = Values()
            let key = v.builder.value(.tokens, 8)
            _ = Attention(q: v.x, k: v.x, v: v.x, extra: (key, key, 2), heads: 2, dropout: .none, in: v.builder)
        }
    }

    @Test func linear() async {
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = Linear(v.x, weight: frozen(4, 3), bias: nil, in: v.builder)
        }
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = Linear(v.x, weight: frozen(4), bias: nil, in: v.builder)
        }
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = Linear(v.x, weight: frozen(3, 4), bias: frozen(4), in: v.builder)
        }
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = Linear(v.x, weight: frozen(3, 4), bias: nil, residual: v.x, in: v.builder)
        }
    }

    @Test func elementwise() async {
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = DropAdd(v.x, residual: v.narrow, dropout: .none, in: v.builder)
        }
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = DropAdd(v.x, residual: v.pooled, dropout: .none, in: v.builder)
        }
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = MultiplyRows(v.x, by: frozen(3), in: v.builder)
        }
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = MultiplyRows(v.x, by: frozen(4), around: frozen(3), in: v.builder)
        }
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = LayerNorm(v.x, gamma: frozen(3), beta: frozen(4), epsilon: 1e-5, in: v.builder)
        }
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = LayerNorm(v.x, gamma: frozen(4), beta: frozen(1, 4), epsilon: 1e-5, in: v.builder)
        }
    }

    @Test func embedding() async {
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = Embedding(
                words: frozen(36), positions: frozen(5, 4), types: frozen(2, 4), firstPosition: 0, in: v.builder)
        }
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = Embedding(
                words: frozen(9, 4), positions: frozen(5, 3), types: frozen(2, 4), firstPosition: 0, in: v.builder)
        }
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = Embedding(
                words: frozen(9, 4), positions: frozen(5, 4), types: frozen(2, 3), firstPosition: 0, in: v.builder)
        }
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = Embedding(
                words: frozen(9, 4), positions: frozen(5, 4), types: frozen(2, 4), firstPosition: 5, in: v.builder)
        }
    }

    @Test func columnsAndRows() async {
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = Columns(v.x, 2..<5, in: v.builder)
        }
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = Concatenate([v.x, v.pooled], in: v.builder)
        }
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = Pool(v.pooled, .first, in: v.builder)
        }
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = RepeatedTensor(frozen(0, 4), rows: .sequences, in: v.builder)
        }
    }

    @Test func fusion() async {
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = FusionMix(
                w: v.x, z: v.narrow, queryBias: v.builder.value(.tokens, 1), widths: [1, 2], temperature: 1,
                dropout: .none, in: v.builder)
        }
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = FusionMix(
                w: v.builder.value(.tokens, 5), z: v.narrow, queryBias: v.builder.value(.tokens, 2), widths: [1, 2],
                temperature: 1, dropout: .none, in: v.builder)
        }
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = FusionMix(
                w: v.builder.value(.sequences, 5), z: v.narrow, queryBias: v.builder.value(.tokens, 1), widths: [1, 2],
                temperature: 1, dropout: .none, in: v.builder)
        }
    }

    @Test func compositions() async {
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = AdapterAttention(
                query: v.x, queryBias: v.builder.value(.tokens, 1), outputs: [v.narrow], temperature: 1, dropout: .none,
                in: v.builder)
        }
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = WeightedSum([v.x, v.narrow], weights: [0.5, 0.5], in: v.builder)
        }
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = WeightedSum([v.x], weights: [], in: v.builder)
        }
    }

    @Test func losses() async {
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = CrossEntropy(v.pooled, head: 0, classWeights: [1, 2, 3], in: v.builder)
        }
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = Reduce(v.pooled, head: 0, in: v.builder)
        }
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = SquaredError(v.pooled, head: 0, means: [0, 0], scales: [1, 1], in: v.builder)
        }
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = GatherMarked(v.pooled, head: 0, in: v.builder)
        }
        await #expect(processExitsWith: .failure) {
            let v = Values()
            let table = MaskedCrossEntropy.TokenTable(
                [1, 2], of: Weight([Float](repeating: 0, count: 27), shape: [9, 3]))
            _ = MaskedCrossEntropy(v.x, head: 0, table, bias: frozen(9), in: v.builder)
        }
        await #expect(processExitsWith: .failure) {
            let v = Values()
            let table = MaskedCrossEntropy.TokenTable(
                [1, 2], of: Weight([Float](repeating: 0, count: 36), shape: [9, 4]))
            _ = MaskedCrossEntropy(v.x, head: 0, table, bias: frozen(2), in: v.builder)
        }
    }

    @Test func derivations() async {
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = v.builder.derive("t", rows: 3) { [$0.append(WeightRows(frozen(2, 4), in: $0))] }
        }
        // the rows of a weight are no values of a batch
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = WeightRows(frozen(2, 4), in: v.builder)
        }
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = InverseRowNorms(frozen(2, 4), updates: [], scale: 1, in: v.builder)
        }
        await #expect(processExitsWith: .failure) {
            let v = Values()
            _ = v.builder.derive("t", rows: 2) {
                [$0.append(InverseRowNorms(frozen(2, 4), updates: [(frozen(3, 4), frozen(2, 2))], scale: 1, in: $0))]
            }
        }
        // one name, two shapes
        await #expect(processExitsWith: .failure) {
            let v = Values()
            for rows in [2, 3] {
                _ = v.builder.derive("t", rows: rows) { [$0.append(WeightRows(frozen(rows, 4), in: $0))] }
            }
        }
        await #expect(processExitsWith: .failure) {
            guard let buffer = try? ParameterBuffer([ParameterSpec("w", [2, 4], .ones)], seed: 1),
                let parameter = buffer["w"]
            else { return }
            let v = Values()
            let first = v.builder.derive("t", rows: 2) { [$0.append(WeightRows(.trainable(parameter), in: $0))] }[0]
            _ = v.builder.derive("u", rows: 2) { [$0.append(WeightRows(first, in: $0))] }
        }
    }
}
