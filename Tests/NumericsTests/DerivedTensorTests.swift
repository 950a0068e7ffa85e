import Testing

@testable import Numerics

/// Tensors that are computed from weights once per step.
@Suite struct DerivedTensorTests {
    static let d = OperationProbe.width
    static let rows = 3
    /// Of keys and values (see `OperationGradientTests.projections`).
    static let width = 6
    /// A prefix of three rows that a small network makes.
    static let prefix = [
        OperationGradientTests.matrix("table", rows, 4), OperationGradientTests.matrix("in", 3, 4),
        OperationGradientTests.vector("in.bias", 3), OperationGradientTests.matrix("out", 2 * width, 3),
        OperationGradientTests.vector("out.bias", 2 * width),
    ]

    /// Attention over keys and values that begin with the derived prefix.
    static func prefixed(frozen: Set<String> = [], dropout: Float = 0) throws -> OperationProbe {
        try OperationProbe(
            OperationGradientTests.head + OperationGradientTests.projections + prefix, frozen: frozen
        ) { builder, x, operand in
            func derived() throws -> [Operand] {
                try builder.derive("prefix", rows: rows) { inner in
                    let narrow = inner.append(
                        Linear(
                            inner.append(WeightRows(try operand("table"), in: inner)), weight: try operand("in"),
                            bias: try operand("in.bias"), in: inner))
                    let dropped = inner.append(
                        DropAdd(narrow, dropout: DropoutSite(site: "derived", rate: dropout), in: inner))
                    let wide = inner.append(
                        Linear(
                            inner.append(Activation(dropped, .tanh, in: inner)), weight: try operand("out"),
                            bias: try operand("out.bias"), in: inner))
                    return [0..<width, width..<2 * width].map { inner.append(Columns(wide, $0, in: inner)) }
                }
            }
            let (keys, values) = (try derived()[0], try derived()[1])
            let extra = (
                keys: builder.append(RepeatedTensor(keys, rows: .sequences, in: builder)),
                values: builder.append(RepeatedTensor(values, rows: .sequences, in: builder)), rows: rows
            )
            let y = builder.append(
                Attention(
                    q: try OperationGradientTests.project(x, "q", builder, operand),
                    k: try OperationGradientTests.project(x, "k", builder, operand),
                    v: try OperationGradientTests.project(x, "v", builder, operand), extra: extra, heads: 2,
                    dropout: .none, in: builder))
            let z = builder.append(Linear(y, weight: try operand("o"), bias: nil, in: builder))
            return try OperationGradientTests.classify(z, builder, operand)
        }
    }

    /// y = x (W + B A)ᵀ, with a loss of W's own inside the derivation.
    /// - Parameter shared: A is also the weight of a product of the plan itself.
    static func updated(frozen: Set<String> = [], shared: Bool = false) throws -> OperationProbe {
        let specs =
            OperationGradientTests.head + [
                OperationGradientTests.matrix("w", d, d), OperationGradientTests.matrix("b", d, 2),
                OperationGradientTests.matrix("a", 2, d),
            ]
        return try OperationProbe(specs, frozen: frozen) { builder, x, operand in
            let sum = try builder.derive("w + ba", rows: d) { inner in
                let b = inner.append(WeightRows(try operand("b"), in: inner))
                return [
                    inner.append(
                        Linear(
                            b, weight: try operand("a"), bias: nil,
                            residual: inner.append(WeightRows(try operand("w"), in: inner)), weightTransposed: true,
                            identityPull: 0.05, in: inner))
                ]
            }[0]
            var y = builder.append(Linear(x, weight: sum, bias: nil, in: builder))
            if shared {
                let narrow = builder.append(Linear(y, weight: try operand("a"), bias: nil, in: builder))
                y = builder.append(
                    Linear(
                        narrow, weight: try operand("a"), bias: nil, residual: y, weightTransposed: true, in: builder))
            }
            return try OperationGradientTests.classify(y, builder, operand)
        }
    }

    static let makers: [@Sendable () throws -> OperationProbe] = [
        { try prefixed() }, { try prefixed(dropout: 0.4) }, { try prefixed(frozen: ["table"]) },
        { try prefixed(frozen: ["in", "out.bias", "words", "positions", "types"]) }, { try updated() },
        { try updated(frozen: ["w"]) }, { try updated(shared: true) },
    ]

    @Test(arguments: makers.indices) func gradients(_ index: Int) throws {
        let probe = try Self.makers[index]()
        probe.check(stepKey: 7)
        probe.checkDirection(stepKey: 7)
    }

    @Test(arguments: makers.indices) func threadsGiveTheSameBytes(_ index: Int) throws {
        let probe = try Self.makers[index]()
        let batch = PlanPropertyTests.batch(2, count: 300)
        var first: (loss: [Float], gradients: [UInt32])?
        for threads in [1, 2, 3] {
            let workspace = Workspace(threads: threads)
            let loss = withExtendedLifetime(workspace) {
                Array(probe.plan.run(batch, workspace: workspace, stepKey: 3).values(probe.loss))
            }
            let gradients = (0..<probe.parameters.count).map { probe.parameters.gradients[$0].bitPattern }
            if let first { #expect(first.loss == loss && first.gradients == gradients, "\(threads) threads") }
            first = first ?? (loss, gradients)
        }
    }

    /// Two batches of one step give the sum of their gradients, whether the step is told to end in between or not.
    @Test(arguments: makers.indices) func severalBatches(_ index: Int) throws {
        let probe = try Self.makers[index]()
        let batches = [1, 2].map { PlanPropertyTests.batch($0, count: 12) }
        func gradients() -> [Float] { probe.parameters.parameters.flatMap(\.gradientArray) }
        var sums = [Double](repeating: 0, count: gradients().count)
        for batch in batches {
            _ = probe.plan.run(batch, workspace: probe.workspace, stepKey: 3)
            for (i, g) in gradients().enumerated() { sums[i] += Double(g) }
        }
        // what the parameters alone lose counts once a step
        if let a = probe.parameters["a"] {
            var before = 0
            for parameter in probe.parameters.parameters {
                if parameter.name == "a" { break }
                before += parameter.count
            }
            for (i, value) in a.array.enumerated() {
                sums[before + i] -= 0.1 * (Double(value) - (i / Self.d == i % Self.d ? 1 : 0))
            }
        }
        for endsStep in [true, false] {
            for i in 0..<probe.parameters.count { probe.parameters.gradients[i] = 1e3 }
            _ = probe.plan.run(batches[0], workspace: probe.workspace, stepKey: 3, endsStep: endsStep)
            _ = probe.plan.run(batches[1], workspace: probe.workspace, stepKey: 3, accumulates: true)
            expectClose(gradients(), sums, 1e-5, "\(endsStep)")
        }
    }

    /// Within a step, the tensors are computed once; each new step computes them again.
    @Test func oncePerStep() throws {
        let probe = try Self.prefixed()
        let table = try #require(probe.parameters["table"])
        func loss(accumulates: Bool, endsStep: Bool) -> [Float] {
            Array(
                probe.plan.run(
                    OperationProbe.batch, workspace: probe.workspace, accumulates: accumulates, endsStep: endsStep
                ).values(probe.loss))
        }
        let first = loss(accumulates: false, endsStep: false)
        for i in 0..<table.count { table.values[i] += 1 }
        #expect(loss(accumulates: true, endsStep: false) == first)
        #expect(loss(accumulates: true, endsStep: true) == first)
        // the step has ended; then what another plan began, or what was given up, does not keep the old tensors
        let second = loss(accumulates: true, endsStep: false)
        #expect(second != first)
        for i in 0..<table.count { table.values[i] += 1 }
        let third = loss(accumulates: false, endsStep: true)
        #expect(third != second && third != first)
    }

    @Test func evaluationComputesThemToo() throws {
        let probe = try Self.prefixed(dropout: 0.4)
        let evaluation = Plan(probe.builder, outputs: [probe.loss], trains: false)
        #expect(evaluation.parameters.isEmpty)
        let table = try #require(probe.parameters["table"])
        func loss(_ plan: Plan) -> [Float] {
            Array(plan.run(OperationProbe.batch, workspace: probe.workspace).values(probe.loss))
        }
        let first = loss(evaluation)
        #expect(first == loss(probe.plan))
        for i in 0..<table.count { table.values[i] += 1 }
        let second = loss(evaluation)
        #expect(second != first && second == loss(probe.plan))
    }

    @Test func frozenInputsCostNothing() throws {
        let names = Set(Self.prefix.map(\.name))
        let frozen = try Self.prefixed(frozen: names)
        #expect(frozen.plan.derived.parts.isEmpty)
        let learning = try Self.prefixed()
        // equal names start equally: the constants are what a prologue computes
        let losses = [frozen, learning].map { probe in
            Array(probe.plan.run(OperationProbe.batch, workspace: probe.workspace).values(probe.loss))
        }
        #expect(losses[0] == losses[1])
        #expect(frozen.plan.multiplyAdds(OperationProbe.batch) < learning.plan.multiplyAdds(OperationProbe.batch))
        // with a frozen table, no gradient goes below the network's first product
        let upper = try Self.prefixed(frozen: ["table"])
        let epilogue = try #require(upper.plan.derived.parts.first?.epilogue)
        let backward = zip(epilogue.operations, epilogue.runsBackward).filter { $0.1 }.map { "\(type(of: $0.0))" }
        #expect(!backward.contains("WeightRows") && backward.filter { $0 == "Linear" }.count == 1)
        #expect(upper.plan.parameters.allSatisfy { $0.name != "table" })
    }

    /// The work areas have their size before the first step, and do not grow in later ones.
    @Test func memoryIsKnown() throws {
        let probe = try Self.prefixed()
        let batch = PlanPropertyTests.batch(2, count: 40)
        let workspace = Workspace(threads: 2)
        let work = probe.plan.workBytes(batch, threads: 2)
        let tensors = 2 * 4 * Self.rows * 2 * Self.width
        func run() {
            _ = probe.plan.run(batch, workspace: workspace, endsStep: false)
            _ = probe.plan.run(batch, workspace: workspace, accumulates: true)
        }
        run()
        let first = ([workspace.batch] + workspace.arenas + workspace.scratches).map(\.bytes)
        run()
        let again = ([workspace.batch] + workspace.arenas + workspace.scratches).map(\.bytes)
        // A thread that came too late for the first run has its buffers since the second
        #expect(zip(first, again).allSatisfy { $0 == $1 || $0 == 0 }, "\(first), then \(again)")
        // a buffer takes a quarter more than what is asked for
        #expect((work.shared - tensors) * 5 / 4 / 4 * 4 == first[0])
        #expect(workspace.arenas.map(\.bytes).reduce(0, +) <= work.arenas * 5 / 4)
        // three products: in the prologue, and twice and once in the epilogue
        let own = probe.plan.operations.indices.reduce(0.0) { sum, i in
            sum
                + probe.plan.operations[i].multiplyAdds(
                    batch, inputGradients: probe.plan.gradients.modes[i].map { $0 != .none }, trains: true)
        }
        let network = Double(Self.rows * (4 * 3 + 3 * 2 * Self.width))
        #expect(probe.plan.multiplyAdds(batch) == own + 4 * network)
    }
}
