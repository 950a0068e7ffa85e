import Testing

@testable import Numerics

/// Every operation's gradients, of its parameters and of its inputs (through the embedding below), against central
/// differences; small odd shapes, sequences of one token.
@Suite struct OperationGradientTests {
    static let d = OperationProbe.width
    static func matrix(_ name: String, _ rows: Int, _ columns: Int) -> ParameterSpec {
        ParameterSpec(name, [rows, columns], .normal(0.5))
    }
    static func vector(_ name: String, _ width: Int) -> ParameterSpec { ParameterSpec(name, [width], .normal(0.5)) }
    static let head = [matrix("head", OperationProbe.classes, d), vector("head.bias", OperationProbe.classes)]

    /// Mean over the tokens and a linear classifier.
    static func classify(
        _ x: Value, _ builder: PlanBuilder, _ operand: (String) throws -> Operand, pool: Pool.Kind = .mean
    ) throws -> Value {
        let pooled = x.rows == .tokens ? builder.append(Pool(x, pool, in: builder)) : x
        return builder.append(
            Linear(pooled, weight: try operand("head"), bias: try operand("head.bias"), in: builder))
    }

    @Test(arguments: [Pool.Kind.first, .mean]) func embeddingPoolAndLoss(_ kind: Pool.Kind) throws {
        try OperationProbe(Self.head) { try Self.classify($1, $0, $2, pool: kind) }.check()
        try OperationProbe(Self.head, classWeights: [0.5, 2, 1.5]) { try Self.classify($1, $0, $2, pool: kind) }.check()
        try OperationProbe(Self.head, classWeights: [0.5, 2, 1.5], smoothing: 0.2) {
            try Self.classify($1, $0, $2, pool: kind)
        }.check()
    }

    @Test(arguments: [Pool.Kind.first, .mean]) func poolAddsToWhatIsThere(_ kind: Pool.Kind) throws {
        try OperationProbe(Self.head + [Self.matrix("two", 3, 5)]) { builder, x, operand in
            let side = builder.append(Pool(x, kind, in: builder))
            let logits = try Self.classify(x, builder, operand)
            return builder.append(
                Linear(side, weight: try operand("two"), bias: nil, residual: logits, in: builder))
        }.check()
    }

    @Test func linear() throws {
        try OperationProbe(Self.head + [Self.matrix("w", 5, 5), Self.vector("b", 5)]) { builder, x, operand in
            let y = builder.append(
                Linear(x, weight: try operand("w"), bias: try operand("b"), residual: x, scale: 0.7, in: builder))
            return try Self.classify(y, builder, operand)
        }.check()
    }

    @Test func linearWithoutBiasThenWithoutResidual() throws {
        try OperationProbe(Self.head + [Self.matrix("w", 5, 5), Self.matrix("u", 5, 5)]) { builder, x, operand in
            let y = builder.append(Linear(x, weight: try operand("w"), bias: nil, residual: x, in: builder))
            let z = builder.append(Linear(y, weight: try operand("u"), bias: nil, scale: -0.5, in: builder))
            return try Self.classify(z, builder, operand)
        }.check()
    }

    /// Wider than one piece of the weight's gradient.
    @Test func linearTransposedInPieces() throws {
        try OperationProbe(Self.head + [Self.matrix("down", 97, 5), Self.matrix("up", 97, 5), Self.vector("b", 5)]) {
            builder, x, operand in
            let y = builder.append(Linear(x, weight: try operand("down"), bias: nil, scale: 0.3, in: builder))
            let z = builder.append(
                Linear(
                    y, weight: try operand("up"), bias: try operand("b"), scale: 0.3, weightTransposed: true,
                    in: builder))
            return try Self.classify(z, builder, operand)
        }.check()
    }

    @Test func identityPull() throws {
        let probe = try OperationProbe(Self.head + [Self.matrix("v", 5, 5)]) { builder, x, operand in
            let y = builder.append(Linear(x, weight: try operand("v"), bias: nil, identityPull: 0.05, in: builder))
            return try Self.classify(y, builder, operand)
        }
        probe.check()
        // counted once a step, however many batches make it up
        _ = probe.lossSum(stepKey: nil)
        let v = try #require(probe.parameters["v"])
        let once = v.gradientArray
        _ = probe.plan.run(OperationProbe.batch, workspace: probe.workspace, accumulates: true)
        let pull = v.array.enumerated().map { 0.1 * (Double($1) - ($0 % 6 == 0 ? 1 : 0)) }
        expectClose(v.gradientArray, zip(once, pull).map { 2 * Double($0) - $1 }, 1e-5)
    }

    /// One weight, two operations: the second adds to what the first wrote, and its own bias starts from nothing.
    @Test func sharedWeight() throws {
        try OperationProbe(Self.head + [Self.matrix("w", 5, 5), Self.vector("b", 5), Self.vector("c", 5)]) {
            builder, x, operand in
            let y = builder.append(Linear(x, weight: try operand("w"), bias: try operand("b"), in: builder))
            let z = builder.append(Activation(y, .tanh, in: builder))
            let u = builder.append(
                Linear(
                    z, weight: try operand("w"), bias: try operand("c"), weightTransposed: true, identityPull: 0.05,
                    in: builder))
            return try Self.classify(u, builder, operand)
        }.check()
    }

    @Test(arguments: [ActivationKind.gelu, .geluTanh, .swish, .tanh]) func activation(_ kind: ActivationKind) throws {
        try OperationProbe(Self.head) { builder, x, operand in
            try Self.classify(builder.append(Activation(x, kind, in: builder)), builder, operand)
        }.check()
    }

    @Test func layerNorm() throws {
        let norm = [Self.vector("gamma", 5), Self.vector("beta", 5)]
        for frozen in [[], ["gamma"], ["beta"]] as [Set<String>] {
            try OperationProbe(Self.head + norm, frozen: frozen) { builder, x, operand in
                let y = builder.append(
                    LayerNorm(x, gamma: try operand("gamma"), beta: try operand("beta"), epsilon: 0.1, in: builder))
                return try Self.classify(y, builder, operand)
            }.check()
        }
    }

    @Test func dropout() throws {
        let probe = try OperationProbe(Self.head + [Self.matrix("w", 5, 5)]) { builder, x, operand in
            let y = builder.append(Linear(x, weight: try operand("w"), bias: nil, in: builder))
            let z = builder.append(
                DropAdd(y, residual: x, dropout: DropoutSite(site: "a", rate: 0.4), in: builder))
            let u = builder.append(DropAdd(z, dropout: DropoutSite(site: "b", rate: 0.2), in: builder))
            return try Self.classify(u, builder, operand)
        }
        probe.check(stepKey: 11)
        probe.check()
        #expect(probe.lossSum(stepKey: 11) == probe.lossSum(stepKey: 11))
        #expect(probe.lossSum(stepKey: 11) != probe.lossSum(stepKey: 12))
        #expect(probe.lossSum(stepKey: 11) != probe.lossSum(stepKey: nil))
    }

    /// A value with consumers of each kind that adds: the first writes, the rest add.
    @Test func manyConsumers() throws {
        let specs = [
            Self.vector("factors", 5), Self.vector("gamma", 5), Self.vector("beta", 5), Self.matrix("w", 5, 25),
        ]
        try OperationProbe(Self.head + specs) { builder, x, operand in
            let h = builder.append(MultiplyRows(x, by: try operand("factors"), in: builder))
            let all = [
                h, builder.append(Activation(h, .gelu, in: builder)),
                builder.append(
                    LayerNorm(h, gamma: try operand("gamma"), beta: try operand("beta"), epsilon: 0.1, in: builder)),
                builder.append(DropAdd(h, residual: h, dropout: DropoutSite(site: "a", rate: 0.3), in: builder)),
                builder.append(MultiplyRows(h, by: try operand("factors"), in: builder)),
            ]
            let side = builder.append(Concatenate(all, in: builder))
            let y = builder.append(Linear(side, weight: try operand("w"), bias: nil, residual: h, in: builder))
            return try Self.classify(y, builder, operand)
        }.check(stepKey: 5)
    }

    static let projections =
        ["q", "k", "v"].flatMap { [matrix($0, 6, d), vector("\($0).bias", 6)] } + [matrix("o", d, 6)]

    static func project(
        _ x: Value, _ name: String, _ builder: PlanBuilder, _ operand: (String) throws -> Operand
    ) throws -> Value {
        builder.append(Linear(x, weight: try operand(name), bias: try operand("\(name).bias"), in: builder))
    }

    /// Queries of every token, or only of each sequence's first; with and without rows before the sequence's own.
    @Test(arguments: [false, true], [0, 1, 3]) func attention(_ firstOnly: Bool, _ extra: Int) throws {
        let prefix =
            extra == 0
            ? [] : ["ek", "ev"].flatMap { [Self.matrix($0, extra * 6, 5), Self.vector("\($0).bias", extra * 6)] }
        let probe = try OperationProbe(Self.head + Self.projections + prefix) { builder, x, operand in
            let rows = firstOnly ? builder.append(Pool(x, .first, in: builder)) : x
            var before: (keys: Value, values: Value, rows: Int)?
            if extra > 0 {
                let pooled = builder.append(Pool(x, .mean, in: builder))
                before = (
                    try Self.project(pooled, "ek", builder, operand), try Self.project(pooled, "ev", builder, operand),
                    extra
                )
            }
            let y = builder.append(
                Attention(
                    q: try Self.project(rows, "q", builder, operand), k: try Self.project(x, "k", builder, operand),
                    v: try Self.project(x, "v", builder, operand), extra: before, heads: 2,
                    dropout: DropoutSite(site: "attention", rate: 0.3), in: builder))
            let z = builder.append(Linear(y, weight: try operand("o"), bias: nil, residual: rows, in: builder))
            return try Self.classify(z, builder, operand)
        }
        // no single shift of the keys changes a softmax: without dropout k.bias has slope zero, or nearly with a prefix
        probe.check()
        probe.check(stepKey: 7)
    }

    /// A window, rotary queries and keys, and one tensor that holds all three projections; the norm has no bias.
    @Test(arguments: [0, 1, 2]) func rotaryWindowAndFusedProjection(_ window: Int) throws {
        let specs = Self.head + [Self.matrix("qkv", 12, 5), Self.matrix("o", 5, 4), Self.vector("gamma", 5)]
        let table = RotaryTable(positions: 5, head: 2, theta: 3)
        let probe = try OperationProbe(specs) { builder, x, operand in
            let normed = builder.append(
                LayerNorm(x, gamma: try operand("gamma"), beta: nil, epsilon: 1e-5, in: builder))
            let fused = try operand("qkv")
            let (q, k, v) = (fused.rows(0..<4), fused.rows(4..<8), fused.rows(8..<12))
            func project(_ rows: Operand) -> Value {
                builder.append(Linear(normed, weight: rows, bias: nil, in: builder))
            }
            let y = builder.append(
                Attention(
                    q: builder.append(Rotary(project(q), table, in: builder)),
                    k: builder.append(Rotary(project(k), table, in: builder)), v: project(v), heads: 2,
                    mask: .window(window), dropout: DropoutSite(site: "attention", rate: 0.3), in: builder))
            let z = builder.append(Linear(y, weight: try operand("o"), bias: nil, residual: x, in: builder))
            return try Self.classify(z, builder, operand)
        }
        probe.check()
        probe.check(stepKey: 7)
    }

    /// Words alone, as in models with rotary positions.
    @Test func embeddingOfWordsAlone() throws {
        let probe = try OperationProbe(Self.head + [Self.matrix("other", 11, 5)]) { builder, x, operand in
            let words = builder.append(
                Embedding(words: try operand("other"), positions: nil, types: nil, in: builder))
            return try Self.classify(
                builder.append(DropAdd(x, residual: words, dropout: .none, in: builder)), builder, operand)
        }
        probe.check()
    }

    @Test(arguments: [ActivationKind.gelu, .geluTanh, .swish, .tanh]) func gatedActivation(_ kind: ActivationKind)
        throws
    {
        try OperationProbe(Self.head + [Self.matrix("up", 34, 5), Self.matrix("down", 5, 17)]) { builder, x, operand in
            let up = builder.append(Linear(x, weight: try operand("up"), bias: nil, in: builder))
            let gated = builder.append(GatedActivation(up, kind, in: builder))
            // a second reader, so that gradients are added, too
            let again = builder.append(GatedActivation(up, kind, in: builder))
            let sum = builder.append(DropAdd(gated, residual: again, dropout: .none, in: builder))
            let y = builder.append(Linear(sum, weight: try operand("down"), bias: nil, residual: x, in: builder))
            return try Self.classify(y, builder, operand)
        }.check()
    }

    @Test(arguments: [[5], [2, 3], [1, 3, 1]]) func fusionMix(_ widths: [Int]) throws {
        let n = widths.count
        let specs = [
            Self.matrix("w", 5 + n, 5), Self.matrix("z", 5, 5), Self.matrix("bias", 1, 5), Self.matrix("up", 5, 5 + n),
        ]
        try OperationProbe(Self.head + specs) { builder, x, operand in
            let z = builder.append(Linear(x, weight: try operand("z"), bias: nil, in: builder))
            let mixed = builder.append(
                FusionMix(
                    w: builder.append(Linear(x, weight: try operand("w"), bias: nil, in: builder)), z: z,
                    queryBias: builder.append(Linear(x, weight: try operand("bias"), bias: nil, in: builder)),
                    widths: widths, temperature: 0.8, dropout: DropoutSite(site: "mix", rate: 0.3), in: builder))
            // z has another consumer: its gradient is added to
            let y = builder.append(Linear(mixed, weight: try operand("up"), bias: nil, residual: z, in: builder))
            return try Self.classify(y, builder, operand)
        }.check(stepKey: 3)
    }

    /// The general form of a fusion, over outputs that have other consumers too.
    @Test(arguments: [1, 3]) func adapterAttention(_ count: Int) throws {
        let specs =
            [Self.matrix("m", 5, 5), Self.matrix("bias", 1, 5)] + (0..<count).map { Self.matrix("u\($0)", 5, 5) }
        let probe = try OperationProbe(Self.head + specs) { builder, x, operand in
            let outputs = try (0..<count).map {
                builder.append(Linear(x, weight: try operand("u\($0)"), bias: nil, in: builder))
            }
            let mixed = builder.append(
                AdapterAttention(
                    query: builder.append(Linear(x, weight: try operand("m"), bias: nil, in: builder)),
                    queryBias: builder.append(Linear(x, weight: try operand("bias"), bias: nil, in: builder)),
                    outputs: outputs, prior: (0..<count).map { Float($0) / 2 }, temperature: 0.8,
                    dropout: DropoutSite(site: "mix", rate: 0.3), in: builder))
            let y = builder.append(DropAdd(mixed, residual: outputs[0], dropout: .none, in: builder))
            return try Self.classify(y, builder, operand)
        }
        probe.check(stepKey: 3)
    }

    @Test func weightedSum() throws {
        let specs = [Self.matrix("a", 5, 5), Self.matrix("b", 5, 5)]
        try OperationProbe(Self.head + specs) { builder, x, operand in
            let a = builder.append(Linear(x, weight: try operand("a"), bias: nil, in: builder))
            let b = builder.append(Linear(x, weight: try operand("b"), bias: nil, in: builder))
            let sum = builder.append(WeightedSum([a, b, x], weights: [0.7, -0.4, 1.5], in: builder))
            return try Self.classify(
                builder.append(DropAdd(sum, residual: a, dropout: .none, in: builder)), builder, operand)
        }.check()
    }
}
