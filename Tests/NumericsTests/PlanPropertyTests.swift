import Foundation
import Testing

@testable import Numerics

/// What holds for every plan and batch, whatever the operations are.
@Suite struct PlanPropertyTests {
    static let d = OperationProbe.width

    /// An attention block with dropout everywhere.
    static func block(frozen: Set<String> = []) throws -> OperationProbe {
        let specs =
            OperationGradientTests.head + OperationGradientTests.projections
            + [OperationGradientTests.vector("gamma", d), OperationGradientTests.vector("beta", d)]
        return try OperationProbe(specs, frozen: frozen) { builder, x, operand in
            let site = DropoutSite(site: "attention", rate: 0.2)
            let y = builder.append(
                Attention(
                    q: try OperationGradientTests.project(x, "q", builder, operand),
                    k: try OperationGradientTests.project(x, "k", builder, operand),
                    v: try OperationGradientTests.project(x, "v", builder, operand), heads: 2, dropout: site,
                    in: builder))
            let z = builder.append(Linear(y, weight: try operand("o"), bias: nil, in: builder))
            let u = builder.append(
                DropAdd(z, residual: x, dropout: DropoutSite(site: "out", rate: 0.2), in: builder))
            let n = builder.append(
                LayerNorm(u, gamma: try operand("gamma"), beta: try operand("beta"), epsilon: 1e-5, in: builder))
            return try OperationGradientTests.classify(n, builder, operand)
        }
    }

    /// Positions end at 4: sequences of 1 to 5 tokens.
    static func batch(_ seed: UInt64, count: Int) -> PackedBatch {
        let lengths = (0..<count).map { 1 + Randomness.integer(seed, $0, below: 5) }
        return OperationProbe.batch(lengths: lengths, labels: (0..<count).map { $0 % 4 - 1 }, seed: seed)
    }

    @Test func threadsGiveTheSameBytes() throws {
        let probe = try Self.block()
        for seed in 1...3 as ClosedRange<UInt64> {
            let batch = Self.batch(seed, count: 400)
            var first: (loss: [Float], gradients: [UInt32])?
            for threads in [1, 2, 3] {
                let workspace = Workspace(threads: threads)
                let loss = withExtendedLifetime(workspace) {
                    Array(probe.plan.run(batch, workspace: workspace, stepKey: seed).values(probe.loss))
                }
                let gradients = (0..<probe.parameters.count).map { probe.parameters.gradients[$0].bitPattern }
                if let first {
                    #expect(first.loss == loss && first.gradients == gradients, "seed \(seed), \(threads) threads")
                }
                first = first ?? (loss, gradients)
            }
        }
    }

    @Test(arguments: [7, 500]) func packedEqualsOneByOne(count: Int) throws {
        let probe = try Self.block()
        let lengths = (0..<count).map { 1 + Randomness.integer(5, $0, below: 5) }
        // one row alone is its own mean, so its label's share of the batch's mean is put back
        let packed = OperationProbe.batch(lengths: lengths, labels: lengths.map { $0 % 3 })
        let workspace = Workspace(threads: 2)
        defer { withExtendedLifetime(workspace) {} }
        func gradients() -> [Float] { probe.parameters.parameters.flatMap(\.gradientArray) }
        for stepKey in [nil, 9] as [UInt64?] {
            let all = Array(probe.plan.run(packed, workspace: workspace, stepKey: stepKey).values(probe.loss))
            let together = gradients()
            var sums = [Double](repeating: 0, count: together.count)
            for i in lengths.indices {
                let range = packed.offsets[i]..<packed.offsets[i + 1]
                let one = PackedBatch(
                    [(Array(packed.ids[range]), Array(packed.types[range]), packed.rows[i])], classes: [lengths[i] % 3])
                let alone = probe.plan.run(one, workspace: workspace, stepKey: stepKey).values(probe.loss)[0]
                #expect(abs(alone - all[i] * Float(lengths.count)) < 5e-6, "sequence \(i)")
                for (k, g) in gradients().enumerated() { sums[k] += Double(g) / Double(count) }
            }
            expectClose(together, sums, 1e-5, "gradients")
        }
    }

    /// What is kept for gradients is wide here: 900 sequences are summed in several groups, and give what their parts give.
    @Test func groupsAddUp() throws {
        let width = 1024
        let specs = OperationGradientTests.head + (0..<24).map { ParameterSpec("w\($0)", [width, width], .zeros) }
        let probe = try OperationProbe(specs + [ParameterSpec("up", [width, Self.d], .normal(0.5))]) {
            builder, x, operand in
            var y = builder.append(Linear(x, weight: try operand("up"), bias: nil, in: builder))
            for i in 0..<24 {
                let w = try operand("w\(i)")
                y = builder.append(Linear(y, weight: w, bias: nil, residual: y, in: builder))
            }
            let narrow = builder.append(
                Linear(y, weight: try operand("up"), bias: nil, weightTransposed: true, in: builder))
            return try OperationGradientTests.classify(narrow, builder, operand)
        }
        let batch = Self.batch(3, count: 900)
        #expect(probe.plan.groupTokens == 768)
        let groups = batch.groups(tokens: probe.plan.groupTokens)
        #expect(groups.count > 1 && groups.map(\.tokens.count).reduce(0, +) == batch.tokens)
        let workspace = Workspace(threads: 2)
        defer { withExtendedLifetime(workspace) {} }
        func gradients() -> [Float] {
            ["up", "w3", "words"].flatMap { probe.parameters[$0]?.gradientArray ?? [] }
        }
        _ = probe.plan.run(batch, workspace: workspace)
        let together = gradients()
        let classes = Self.classes(batch)
        let labelled = Double(classes.count { $0 >= 0 })
        var sums = [Double](repeating: 0, count: together.count)
        for first in stride(from: 0, to: 900, by: 100) {
            let part = PackedBatch(
                (first..<first + 100).map { i in
                    let range = batch.offsets[i]..<batch.offsets[i + 1]
                    return (Array(batch.ids[range]), Array(batch.types[range]), batch.rows[i])
                }, classes: Array(classes[first..<first + 100]))
            _ = probe.plan.run(part, workspace: workspace)
            let share = Double(Self.classes(part).count { $0 >= 0 }) / labelled
            for (k, g) in gradients().enumerated() { sums[k] += share * Double(g) }
        }
        expectClose(together, sums, 1e-4, "gradients")
    }

    private static func classes(_ batch: PackedBatch) -> [Int] {
        guard case .classes(let classes)? = batch.targets[0]?.values else { return [] }
        return classes.map { Int($0) }
    }

    @Test func frozenTensorsStopTheWayDown() throws {
        let tables: Set<String> = ["words", "positions", "types"]
        let projections = Set(OperationGradientTests.projections.map(\.name))
        let probe = try Self.block(frozen: tables.union(projections))
        #expect(probe.plan.parameters.map(\.name) == ["head", "head.bias", "gamma", "beta"])
        // below the norm nothing learns: only the loss, the head and the pool have a gradient to hand down
        let runs = zip(probe.plan.operations, probe.plan.runsBackward).filter { $0.1 }.map { type(of: $0.0) }
        #expect(runs.map { "\($0)" } == ["Pool", "Linear", "CrossEntropy", "Reduce"])
        let onlyHead = try Self.block(frozen: tables.union(projections).union(["gamma", "beta"]))
        #expect(onlyHead.plan.runsBackward.count { $0 } == 2)
        probe.check(stepKey: 4)
    }

    @Test func slicesCoverTheBatch() {
        var cases: [[Int]] = [
            [1], [512], Array(repeating: 1, count: 5000), [512, 1], [1, 512, 1], Array(repeating: 512, count: 9),
        ]
        for seed in 0..<300 as Range<UInt64> {
            let count = 1 + Randomness.integer(Randomness.key(seed), 0, below: 200)
            let longest = [1, 8, 128, 512][Int(seed % 4)]
            cases.append((0..<count).map { 1 + Randomness.integer(Randomness.key(seed, 1), $0, below: longest) })
        }
        for lengths in cases {
            let offsets = lengths.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1) }
            let slices = PackedBatch.cut(offsets)
            #expect(slices.flatMap { Array($0.sequences) } == Array(lengths.indices), "\(lengths)")
            #expect(
                slices.allSatisfy { $0.tokens == offsets[$0.sequences.lowerBound]..<offsets[$0.sequences.upperBound] })
            #expect(slices.allSatisfy { !$0.sequences.isEmpty })
            #expect(lengths.count < 4 || slices.count >= 4 && (slices.count % 2 == 0 || slices.count == lengths.count))
        }
        #expect(PackedBatch.cut([0]).isEmpty)
    }

    @Test func poolRunsEachTaskOnce() {
        for threads in [0, 1, 2, 3, 8] {
            let pool = ThreadPool(threads: threads)
            for tasks in [0, 1, 2, 7, 1000] {
                let counts = AlignedBuffer(count: tasks)
                pool.run(tasks) { task, thread in counts.floats[task] += thread < max(threads, 1) ? 1 : 100 }
                #expect((0..<tasks).allSatisfy { counts.floats[$0] == 1 })
            }
        }
    }

    @Test func namesStandOnce() throws {
        let spec = ParameterSpec("a", [2, 3], .ones)
        #expect(throws: NumericsError.duplicateParameter("a")) { try ParameterBuffer([spec, spec], seed: 0) }
        let buffer = try ParameterBuffer([spec], seed: 0)
        #expect(throws: NumericsError.missingTensor("b")) {
            try OperandTable(trainable: buffer, frozen: { _ in nil })("b")
        }
    }

    @Test func randomnessDependsOnSeedAndNameOnly() throws {
        let specs = ["a", "b"].map { ParameterSpec($0, [50, 40], .normal(1)) }
        let one = try ParameterBuffer(specs, seed: 1)
        let reversed = try ParameterBuffer(specs.reversed(), seed: 1)
        let other = try ParameterBuffer(specs, seed: 2)
        #expect(one["a"]?.array == reversed["a"]?.array)
        #expect(one["a"]?.array != one["b"]?.array && one["a"]?.array != other["a"]?.array)
        var (mean, square) = (0.0, 0.0)
        for value in try #require(one["a"]).array.map({ Double($0) }) {
            mean += value / 2000
            square += value * value / 2000
        }
        let variance = square - mean * mean
        // four standard deviations
        #expect(abs(mean) < 0.09 && abs(variance - 1) < 0.13)
        for count in [0, 1, 2, 100] {
            #expect(Randomness.permutation(count, key: 3).sorted() == Array(0..<count))
        }
        #expect(Randomness.permutation(100, key: 3) == Randomness.permutation(100, key: 3))
        #expect(Randomness.permutation(100, key: 3) != Randomness.permutation(100, key: 4))
        #expect(Randomness.key(1, 2) != Randomness.key(2, 1))
    }
}
