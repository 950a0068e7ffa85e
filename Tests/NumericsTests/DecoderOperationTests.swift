import Testing

@testable import Numerics

/// The operations of decoders: norms by the root of the mean square, gates with two projections, causal attention in which
/// heads share keys, and keys that are kept from one batch to the next.
@Suite struct DecoderOperationTests {
    private typealias Shared = OperationGradientTests

    /// γ ⊙ x / √(mean of x² + ε), of whole rows and of each of their parts.
    @Test(arguments: instructionSets, [(1, 1), (1, 16), (3, 17), (2, 40)]) func normByItsDefinition(
        _ set: Int, _ shape: (parts: Int, width: Int)
    ) throws {
        let k = try kernels(set)
        let (rows, width) = (5 * shape.parts, shape.width)
        let (x, gamma) = (normals(rows * width, 1), normals(width, 2))
        var (y, scales) = ([Float](repeating: 0, count: x.count) + canary, [Float](repeating: 0, count: rows) + canary)
        k.scale_rows(&y, &scales, x, gamma, rows, width, 1e-5)
        var expected = [Double](repeating: 0, count: x.count)
        for row in 0..<rows {
            let own = x[row * width..<(row + 1) * width].map(Double.init)
            let scale = 1 / (own.reduce(0) { $0 + $1 * $1 } / Double(width) + 1e-5).squareRoot()
            for c in 0..<width { expected[row * width + c] = Double(gamma[c]) * own[c] * scale }
        }
        expectClose(y, expected + canary.map(Double.init), 1e-5)
        #expect(Array(scales[rows...]) == canary)
    }

    /// Of rows, and of the heads of a projection; twice, so that gradients are added, too.
    @Test(arguments: [[], ["gamma"], ["words", "positions", "types"]] as [Set<String>])
    func normGradients(_ frozen: Set<String>) throws {
        let specs =
            Shared.head + [
                Shared.vector("gamma", 5), Shared.vector("heads", 3), Shared.matrix("up", 6, 5),
                Shared.matrix("down", 5, 6),
            ]
        try OperationProbe(specs, frozen: frozen) { builder, x, operand in
            let normed = builder.append(RMSNorm(x, gamma: try operand("gamma"), epsilon: 1e-2, in: builder))
            let up = builder.append(Linear(normed, weight: try operand("up"), bias: nil, in: builder))
            let heads = builder.append(RMSNorm(up, gamma: try operand("heads"), epsilon: 1e-2, in: builder))
            let sum = builder.append(DropAdd(heads, residual: up, dropout: .none, in: builder))
            let y = builder.append(Linear(sum, weight: try operand("down"), bias: nil, residual: x, in: builder))
            return try Shared.classify(y, builder, operand)
        }.check()
    }

    @Test(arguments: [[], ["gate"], ["up"]] as [Set<String>]) func gatedProduct(_ frozen: Set<String>) throws {
        let specs =
            Shared.head + [Shared.matrix("gate", 17, 5), Shared.matrix("up", 17, 5), Shared.matrix("down", 5, 17)]
        try OperationProbe(specs, frozen: frozen) { builder, x, operand in
            let a = builder.append(Linear(x, weight: try operand("gate"), bias: nil, in: builder))
            let b = builder.append(Linear(x, weight: try operand("up"), bias: nil, in: builder))
            let gated = builder.append(GatedProduct(a, b, .swish, in: builder))
            // The other way round: each value is read twice
            let again = builder.append(GatedProduct(b, a, .swish, in: builder))
            let sum = builder.append(DropAdd(gated, residual: again, dropout: .none, in: builder))
            let y = builder.append(Linear(sum, weight: try operand("down"), bias: nil, residual: x, in: builder))
            return try Shared.classify(y, builder, operand)
        }.check()
    }

    /// Four heads of queries, two of keys, with and without a window, and with keys before all others.
    @Test(arguments: [nil, 0, 1], [false, true]) func causalAttention(_ window: Int?, _ hasExtra: Bool) throws {
        let specs =
            Shared.head + [
                Shared.matrix("q", 8, 5), Shared.matrix("k", 4, 5), Shared.matrix("v", 4, 5), Shared.matrix("o", 5, 8),
                ParameterSpec("before.k", [2, 4], .normal(0.7)), ParameterSpec("before.v", [2, 4], .normal(0.7)),
            ]
        let table = RotaryTable(positions: 5, head: 2, theta: 3)
        let probe = try OperationProbe(specs, frozen: hasExtra ? [] : ["before.k", "before.v"]) { builder, x, operand in
            func project(_ name: String) throws -> Value {
                builder.append(Linear(x, weight: try operand(name), bias: nil, in: builder))
            }
            func repeated(_ name: String) throws -> Value {
                builder.append(RepeatedTensor(try operand(name), rows: .sequences, in: builder))
            }
            let extra: (keys: Value, values: Value, rows: Int)? =
                hasExtra ? (keys: try repeated("before.k"), values: try repeated("before.v"), rows: 2) : nil
            let y = builder.append(
                Attention(
                    q: builder.append(Rotary(try project("q"), table, in: builder)),
                    k: builder.append(Rotary(try project("k"), table, in: builder)), v: try project("v"),
                    extra: extra, heads: 4,
                    keyHeads: 2, mask: .causal(window: window), layer: 0,
                    dropout: DropoutSite(site: "attention", rate: 0.3), in: builder))
            let z = builder.append(Linear(y, weight: try operand("o"), bias: nil, residual: x, in: builder))
            return try Shared.classify(z, builder, operand)
        }
        probe.check()
        probe.check(stepKey: 7)
    }

    /// Two layers over words; what a token gets depends on the words up to it.
    private struct Model {
        static let width = 24
        let plan: Plan
        let output: Value

        init() throws {
            try Products.load()
            let builder = PlanBuilder()
            func frozen(_ rows: Int, _ columns: Int, _ seed: UInt64) -> Operand {
                .frozen(Weight(normals(rows * columns, seed, deviation: 0.3), shape: [rows, columns]))
            }
            let table = RotaryTable(positions: 400, head: 8, theta: 100)
            var x = builder.append(
                Embedding(words: frozen(50, Self.width, 1), positions: nil, types: nil, in: builder))
            for layer in 0..<2 {
                let seed = UInt64(10 * layer + 2)
                func project(_ width: Int, _ seed: UInt64) -> Value {
                    builder.append(Linear(x, weight: frozen(width, Self.width, seed), bias: nil, in: builder))
                }
                let y = builder.append(
                    Attention(
                        q: builder.append(Rotary(project(32, seed), table, in: builder)),
                        k: builder.append(Rotary(project(16, seed + 1), table, in: builder)), v: project(16, seed + 2),
                        heads: 4, keyHeads: 2, mask: .causal(window: layer == 0 ? nil : 11), layer: layer,
                        dropout: .none, in: builder))
                x = builder.append(
                    Linear(y, weight: frozen(Self.width, 32, seed + 3), bias: nil, residual: x, in: builder))
            }
            output = x
            plan = Plan(builder, outputs: [x], trains: false)
        }

        func rows(_ texts: [[Int32]], past: [KeyValues]? = nil, _ workspace: Workspace) -> [[Float]] {
            let batch = PackedBatch(
                texts.enumerated().map { ($1, $1.map { _ in 0 }, SequenceRow(example: UInt64($0))) }, past: past)
            let values = Array(plan.run(batch, workspace: workspace).values(output))
            zip(past ?? [], texts).forEach { $0.append($1.count) }
            return texts.indices.map {
                Array(values[batch.offsets[$0] * Self.width..<batch.offsets[$0 + 1] * Self.width])
            }
        }
    }

    /// Texts in pieces, some of one token, beside others: the same rows as at once, up to the order of sums.
    @Test(arguments: [1, 3]) func keysThatAreKept(_ threads: Int) throws {
        let (model, workspace) = (try Model(), Workspace(threads: threads))
        let texts = [200, 150, 3].enumerated().map { i, length in
            (0..<length).map { Int32(Randomness.integer(Randomness.key(4, UInt64(i)), $0, below: 50)) }
        }
        let whole = model.rows(texts, workspace)
        let pieces = [[140, 1, 1, 58], [5, 130, 1, 14], [1, 1, 1]]
        let caches = texts.map { KeyValues(layers: 2, width: 16, capacity: $0.count + 3) }
        var found = texts.map { _ in [Float]() }
        for step in 0..<4 {
            let present = texts.indices.filter { step < pieces[$0].count }
            let parts = present.map { i in
                Array(texts[i][caches[i].count..<caches[i].count + pieces[i][step]])
            }
            for (i, rows) in zip(present, model.rows(parts, past: present.map { caches[$0] }, workspace)) {
                found[i] += rows
            }
        }
        for (ours, expected) in zip(found, whole) { expectClose(ours, expected.map(Double.init), 2e-6) }

        // A copy goes on by itself, and a shorter past forgets
        let copy = KeyValues(copying: caches[1], capacity: 200)
        caches[1].keep(149)
        let last = model.rows([[texts[1][149]], [7]], past: [caches[1], copy], workspace)
        expectClose(last[0], whole[1].suffix(Model.width).map(Double.init), 2e-6)
        let other = model.rows([texts[1] + [7]], workspace)[0].suffix(Model.width)
        expectClose(last[1], other.map(Double.init), 2e-6)
    }

    /// What one sequence gets does not depend on the others of the batch or on the threads, to the last bit.
    @Test func stepsDoNotDependOnTheBatch() throws {
        let model = try Model()
        func run(_ texts: [[Int32]], threads: Int) -> [Float] {
            let workspace = Workspace(threads: threads)
            let caches = texts.map { _ in KeyValues(layers: 2, width: 16, capacity: 64) }
            var rows = model.rows(texts, past: caches, workspace)[0]
            for token: Int32 in [3, 1, 4, 1, 5] {
                rows += model.rows(texts.map { _ in [token] }, past: caches, workspace)[0]
            }
            return rows
        }
        let text: [Int32] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
        let alone = run([text], threads: 1)
        let others = (0..<17).map { i in (0...i).map { Int32($0 + i) } }
        #expect(run([text], threads: 2) == alone && run([text] + others, threads: 1) == alone)
        #expect(run([text] + others, threads: 4) == alone)
    }
}
