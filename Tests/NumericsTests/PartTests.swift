import Testing

@testable import Numerics

/// Threads that work on one slice together give the bytes of one thread, however the work is cut.
@Suite struct PartTests {
    /// Cuts that real sizes get, on the tests' small ones: by rows, by columns and heads, and both.
    static let cuts: [Sharing] = [(1, 1), (1, 3), (100, 1), (3, 100)].map { few, most in
        var sharing = Sharing()
        (sharing.always, sharing.leastWork, sharing.fewRows, sharing.mostRows) = (true, 1e-6, few, most)
        sharing.joined = most == 3 ? 0 : 1024
        return sharing
    }

    /// A plan of random operations over random widths, with a head of every kind.
    final class RandomPlan {
        let parameters: ParameterBuffer
        let plan: Plan
        let outputs: [Value]

        init(seed: UInt64, trains: Bool = true) throws {
            try Products.load()
            let width = [16, 40, 72][Int(seed % 3)]
            // Widths of all tensors first: the buffer is made before the plan
            let depth = 8
            var specs = [
                ParameterSpec("words", [11, width], .normal(0.7)),
                ParameterSpec("positions", [90, width], .normal(0.7)),
                ParameterSpec("types", [2, width], .normal(0.7)),
                ParameterSpec("classes", [3, width], .normal(0.3)), ParameterSpec("classes.bias", [3], .normal(0.3)),
                ParameterSpec("number", [1, width], .normal(0.3)), ParameterSpec("tags", [4, width], .normal(0.3)),
                ParameterSpec("vocabulary.bias", [11], .normal(0.3)),
            ]
            for i in 0..<depth {
                for name in ["q", "k", "v", "o"] {
                    specs.append(ParameterSpec("\(name)\(i)", [width, width], .normal(0.2)))
                }
                specs += [
                    ParameterSpec("up\(i)", [100, width], .normal(0.2)),
                    ParameterSpec("up.bias\(i)", [100], .normal(0.2)),
                    ParameterSpec("down\(i)", [width, 100], .normal(0.1)),
                    ParameterSpec("narrow\(i)", [6, width], .normal(0.2)),
                    ParameterSpec("mixed\(i)", [width, 8], .normal(0.2)),
                    ParameterSpec("scores\(i)", [8, width], .normal(0.2)),
                    ParameterSpec("query\(i)", [1, width], .normal(0.2)),
                    ParameterSpec("gamma\(i)", [width], .normal(0.5)), ParameterSpec("beta\(i)", [width], .normal(0.5)),
                    ParameterSpec("extra.k\(i)", [2, width], .normal(0.5)),
                    ParameterSpec("extra.v\(i)", [2, width], .normal(0.5)),
                ]
            }
            // Some tensors are frozen
            let isFrozen = specs.indices.map { Randomness.integer(Randomness.key(seed, 5), $0, below: 4) == 0 }
            parameters = try ParameterBuffer(zip(specs, isFrozen).filter { !$0.1 }.map(\.0), seed: seed)
            let frozen = try ParameterBuffer(zip(specs, isFrozen).filter(\.1).map(\.0), seed: seed)
            let table = OperandTable(trainable: parameters) { name in
                frozen[name].map { Weight($0.array, shape: $0.shape) }
            }
            let b = PlanBuilder(precision: seed % 4 == 3 ? .bfloat16 : .float32)
            var x = b.append(
                Embedding(
                    words: try table("words"), positions: try table("positions"), types: try table("types"),
                    firstPosition: 1, in: b))
            var drawn = 0
            func draw(_ bound: Int) -> Int {
                drawn += 1
                return Randomness.integer(Randomness.key(seed, 77), drawn, below: bound)
            }
            func site(_ name: String) -> DropoutSite { DropoutSite(site: name, rate: 0.3) }
            func linear(_ x: Value, _ name: String, bias: String? = nil, residual: Value? = nil) throws -> Value {
                b.append(
                    Linear(
                        x, weight: try table(name), bias: try bias.map { try table($0) }, residual: residual,
                        scale: residual == nil ? 1 : 0.5, in: b))
            }
            for i in 0..<depth {
                switch draw(9) {
                case 0, 1:
                    let extra =
                        draw(2) == 0
                        ? nil
                        : (
                            keys: b.append(RepeatedTensor(try table("extra.k\(i)"), rows: .sequences, in: b)),
                            values: b.append(RepeatedTensor(try table("extra.v\(i)"), rows: .sequences, in: b)), rows: 2
                        )
                    let y = b.append(
                        Attention(
                            q: try linear(x, "q\(i)"), k: try linear(x, "k\(i)"), v: try linear(x, "v\(i)"),
                            extra: extra, heads: [2, 4, 8][draw(3)], dropout: site("attention\(i)"), in: b))
                    let z = b.append(DropAdd(try linear(y, "o\(i)"), residual: x, dropout: site("\(i)"), in: b))
                    x = b.append(
                        LayerNorm(z, gamma: try table("gamma\(i)"), beta: try table("beta\(i)"), epsilon: 1e-5, in: b))
                case 2:
                    let u = b.append(
                        Activation(
                            try linear(x, "up\(i)", bias: "up.bias\(i)"), ActivationKind.allCases[draw(5)], in: b))
                    x = try linear(u, "down\(i)", residual: x)
                case 3:
                    // two adapters of widths 4 and 2, mixed
                    let z = b.append(
                        Concatenate(
                            [
                                b.append(Columns(try linear(x, "narrow\(i)"), 2..<6, in: b)),
                                b.append(Columns(try linear(x, "narrow\(i)"), 0..<2, in: b)),
                            ], in: b))
                    let mix = b.append(
                        FusionMix(
                            w: try linear(x, "scores\(i)"), z: z, queryBias: try linear(x, "query\(i)"),
                            widths: [4, 2],
                            temperature: 1.5, dropout: site("fusion\(i)"), in: b))
                    x = try linear(mix, "mixed\(i)", residual: x)
                case 6:
                    let outputs = [try linear(x, "q\(i)"), try linear(x, "k\(i)", residual: x)]
                    let mix = b.append(
                        AdapterAttention(
                            query: try linear(x, "v\(i)"), queryBias: try linear(x, "query\(i)"), outputs: outputs,
                            temperature: 1.5, dropout: site("whole fusion\(i)"), in: b))
                    x = b.append(WeightedSum([mix, x], weights: [0.5, 0.25], in: b))
                case 4: x = b.append(MultiplyRows(x, by: try table("gamma\(i)"), in: b))
                case 5:
                    x = b.append(
                        Linear(x, weight: try table("q\(i)"), bias: nil, residual: x, weightTransposed: true, in: b))
                case 8:
                    let gate = b.append(SequenceGate(try linear(x, "query\(i)"), in: b))
                    x = b.append(GatedRows(x, by: gate, in: b))
                default: x = b.append(DropAdd(x, dropout: site("drop\(i)"), in: b))
                }
            }
            // The last layer of a head on the first token: one query a sequence
            let first = b.append(Pool(x, .first, in: b))
            let single = b.append(
                Attention(
                    q: try linear(first, "q0"), k: try linear(x, "k1"), v: try linear(x, "v1"), heads: 2,
                    dropout: site("last"), in: b))
            let mean = b.append(Pool(x, .mean, in: b))
            let marked = b.append(GatherMarked(x, head: 1, in: b))
            let words = b.append(GatherMarked(x, head: 3, in: b))
            let losses: [(Value, Int)] = [
                (
                    b.append(
                        CrossEntropy(
                            try linear(try linear(single, "o0", residual: first), "classes", bias: "classes.bias"),
                            head: 0, smoothing: 0.1, in: b)), 0
                ),
                (b.append(CrossEntropy(try linear(marked, "tags"), head: 1, in: b)), 1),
                (b.append(SquaredError(try linear(mean, "number"), head: 2, means: [0.5], scales: [2], in: b)), 2),
                (
                    b.append(
                        MaskedCrossEntropy(
                            words, head: 3,
                            MaskedCrossEntropy.TokenTable(
                                [1, 2, 5, 7, 8, 9],
                                of: Weight(
                                    normals(11 * width, seed), shape: [11, width])),
                            bias: try table("vocabulary.bias"), in: b)), 3
                ),
            ]
            let reduced = losses.map { b.append(Reduce($0.0, head: $0.1, in: b)) }
            outputs = reduced + [x]
            plan = Plan(b, outputs: outputs, trains: trains)
        }

        /// What a run gives, bit by bit.
        func bytes(_ batch: PackedBatch, _ workspace: Workspace, stepKey: UInt64?) -> [UInt32] {
            for i in 0..<parameters.count { parameters.gradients[i] = 7 }
            let results = plan.run(batch, workspace: workspace, stepKey: stepKey)
            let values = outputs.flatMap { results.values($0).map(\.bitPattern) }
            return values + plan.parameters.flatMap { $0.gradientArray.map(\.bitPattern) }
        }
    }

    static func batch(_ seed: UInt64) -> PackedBatch {
        let count = 1 + Randomness.integer(seed, 0, below: [1, 3, 9][Int(seed % 3)])
        let longest = [80, 9, 30][Int(seed / 3 % 3)]
        let lengths = (0..<count).map { 1 + Randomness.integer(seed, $0 + 1, below: longest) }
        let tokens = lengths.reduce(0, +)
        let marks = (0..<2).map { set in
            (0..<tokens).map { Int32($0) }.filter {
                Randomness.integer(seed, 1000 * (set + 1) + Int($0), below: 3) == 0
            }
        }
        return PackedBatch(
            lengths.enumerated().map { i, length in
                let ids = (0..<length).map {
                    Int32(Randomness.integer(Randomness.key(seed, UInt64(i)), $0, below: 11))
                }
                return (ids, ids.map { $0 % 2 }, SequenceRow(example: UInt64(i)))
            },
            targets: [
                0: HeadTargets(.classes(lengths.map { Int32($0 % 4) - 1 })),
                1: HeadTargets(.classes(marks[0].map { $0 % 5 - 1 }), marks: marks[0]),
                2: HeadTargets(.numbers(lengths.map { $0 % 5 == 0 ? .nan : Float($0) }, width: 1)),
                3: HeadTargets(.classes(marks[1].map { [1, 2, 5, 7, -1][Int($0) % 5] }), marks: marks[1]),
            ])
    }

    @Test(arguments: 1...12 as ClosedRange<UInt64>) func sharedSlicesGiveTheSameBytes(seed: UInt64) throws {
        for trains in [true, false] {
            let random = try RandomPlan(seed: seed, trains: trains)
            let alone = Workspace(threads: 1)
            let shared = Self.cuts.flatMap { cut in [2, 3, 4].map { Workspace(threads: $0, sharing: cut) } }
            for i in 0..<9 as Range<UInt64> {
                let batch = Self.batch(9 * seed + i)
                let stepKey = trains ? Optional(seed) : nil
                let expected = random.bytes(batch, alone, stepKey: stepKey)
                #expect(expected.contains { Float(bitPattern: $0) != 0 && Float(bitPattern: $0).isFinite })
                for workspace in shared + [Workspace(threads: 2)] {
                    let found = random.bytes(batch, workspace, stepKey: stepKey)
                    let differing = zip(found, expected).count { $0 != $1 }
                    #expect(
                        differing == 0,
                        "\(differing) of \(found.count) numbers, batch \(i), \(workspace.pool.threads) threads, \(workspace.sharing)"
                    )
                }
            }
        }
    }

    /// The cuts above do cut: by rows, in shares, and forward and backward.
    @Test func stagesAreCut() throws {
        let random = try RandomPlan(seed: 2)
        let batch = Self.batch(3)
        let slice = BatchSlice(tokens: 0..<batch.tokens, sequences: 0..<batch.count)
        let run = SliceRun(plan: random.plan, batch: batch, slice: slice, group: slice, stepKey: 1, keptBases: [])
        for (i, cut) in Self.cuts.enumerated() {
            let stages = Stage.all(random.plan, run, threads: 2, cut)
            for isBackward in [false, true] {
                let parts = stages.filter { $0.isBackward == isBackward }.flatMap(\.parts)
                let rows = parts.count { if case .rows = $0 { true } else { false } }
                let shares = parts.count { if case .share = $0 { true } else { false } }
                #expect(rows > 0 || i == 2, "\(cut)")
                #expect(shares > 0, "\(cut)")
            }
            // each operation once forward, and once backward where it has one
            #expect(
                stages.filter { !$0.isBackward }.flatMap(\.operations) == Array(random.plan.operations.indices))
            #expect(
                stages.filter(\.isBackward).flatMap(\.operations)
                    == random.plan.operations.indices.reversed().filter { random.plan.runsBackward[$0] })
        }
    }

    /// Work is shared where slices are too few or too uneven, and only there.
    @Test func schedules() {
        func schedule(_ lengths: [Int], threads: Int) -> Schedule {
            let offsets = lengths.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1) }
            let slices = PackedBatch.cut(offsets)
            return Schedule(
                slices, of: BatchSlice(tokens: 0..<(offsets.last ?? 0), sequences: 0..<lengths.count), threads: threads,
                Sharing())
        }
        func counts(_ schedule: Schedule) -> [Int] { [schedule.shared.count, schedule.single.count] }
        guard !Products.usesLibrary else { return }
        #expect(counts(schedule([512], threads: 1)) == [0, 1])
        #expect(counts(schedule([512], threads: 2)) == [1, 0])
        #expect(counts(schedule([300, 290], threads: 2)) == [0, 2])
        #expect(counts(schedule([400, 100, 20], threads: 2)) == [1, 0])
        #expect(counts(schedule([3], threads: 2)) == [0, 1])
        #expect(counts(schedule(Array(repeating: 30, count: 64), threads: 2)) == [0, 16])
        // a long one among many short ones: together on that, then each alone
        let mixed = schedule([900] + Array(repeating: 25, count: 20), threads: 2)
        #expect(mixed.shared.map(\.tokens.count) == [900] && !mixed.single.isEmpty)
        #expect(counts(schedule([], threads: 2)) == [0, 0])
        for threads in 2...5 {
            for seed in 0..<50 as Range<UInt64> {
                let lengths = (0..<1 + Randomness.integer(seed, 0, below: 40)).map {
                    1 + Randomness.integer(seed, $0 + 1, below: 300)
                }
                let made = schedule(lengths, threads: threads)
                let all = (made.shared + made.single).sorted { $0.tokens.lowerBound < $1.tokens.lowerBound }
                #expect(all.flatMap { Array($0.sequences) } == Array(lengths.indices))
            }
        }
    }
}
