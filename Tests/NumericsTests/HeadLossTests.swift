import Testing

@testable import Numerics

/// Several heads on one batch: marked tokens with classes, sequences with numbers, sequences with classes; any target may be
/// missing.
@Suite struct HeadLossTests {
    private static let width = 5
    private static let specs =
        OperationProbe.tables() + [
            ParameterSpec("tags", [3, width], .normal(0.5)), ParameterSpec("numbers", [2, width], .normal(0.5)),
            ParameterSpec("classes", [4, width], .normal(0.5)),
        ]

    private struct Heads {
        let parameters: ParameterBuffer
        let plan: Plan
        let losses: [Value]
        let raw: [Value]

        func loss(_ batch: PackedBatch, _ workspace: Workspace) -> Double {
            let run = plan.run(batch, workspace: workspace)
            return losses.reduce(0.0) { sum, loss in run.values(loss).reduce(sum) { $0 + Double($1) } }
        }
    }

    private func heads() throws -> Heads {
        try Products.load()
        let parameters = try ParameterBuffer(Self.specs, seed: 4)
        let operand = OperandTable(trainable: parameters) { _ in nil }
        let builder = PlanBuilder()
        let x = builder.append(
            Embedding(
                words: try operand("words"), positions: try operand("positions"), types: try operand("types"),
                firstPosition: 1, in: builder))
        func linear(_ x: Value, _ name: String) throws -> Value {
            builder.append(Linear(x, weight: try operand(name), bias: nil, in: builder))
        }
        let pooled = builder.append(Pool(x, .mean, in: builder))
        let marked = builder.append(GatherMarked(x, head: 0, in: builder))
        let raw = [
            builder.append(CrossEntropy(try linear(marked, "tags"), head: 0, smoothing: 0.1, in: builder)),
            builder.append(
                SquaredError(
                    try linear(pooled, "numbers"), head: 1, means: [1, -2], scales: [2, 0.5], in: builder)),
            builder.append(CrossEntropy(try linear(pooled, "classes"), head: 2, in: builder)),
        ]
        let losses = raw.enumerated().map { builder.append(Reduce($1, head: $0, in: builder)) }
        return Heads(
            parameters: parameters, plan: Plan(builder, outputs: raw + losses, trains: true), losses: losses, raw: raw)
    }

    private static let lengths = [1, 4, 2, 5, 3]
    private static let marks: [Int32] = [0, 2, 4, 7, 8, 14]
    private static let tags: [Int32] = [1, -1, 0, 2, 2, 0]
    private static let numbers: [Float] = [0.5, .nan, .nan, .nan, 3, -1, 2, -2.5, .nan, 0]
    private static let classes: [Int32] = [3, -1, -1, 0, 1]

    private static func batch(_ coefficients: [Double] = [1, 0.5, 2], without missing: Set<Int> = []) -> PackedBatch {
        let sequences = lengths.enumerated().map { i, length in
            let ids = (0..<length).map { Int32(Randomness.integer(UInt64(i), $0, below: 11)) }
            return (ids: ids, types: ids.map { $0 % 2 }, row: SequenceRow(example: UInt64(i)))
        }
        let targets: [Int: HeadTargets] = [
            0: HeadTargets(.classes(tags), marks: marks, coefficient: coefficients[0]),
            1: HeadTargets(.numbers(numbers, width: 2), coefficient: coefficients[1]),
            2: HeadTargets(.classes(classes), coefficient: coefficients[2]),
        ]
        return PackedBatch(sequences, targets: targets.filter { !missing.contains($0.key) })
    }

    /// Along a random direction, against central differences of order four.
    @Test(arguments: 1...4) func gradientAlongARandomDirection(seed: UInt64) throws {
        let (heads, workspace) = (try heads(), Workspace(threads: 2))
        let batch = Self.batch()
        _ = heads.loss(batch, workspace)
        let (p, count) = (heads.parameters, heads.parameters.count)
        let direction = (0..<count).map { Randomness.normal(seed, $0) }
        let slope = (0..<count).reduce(0.0) { $0 + Double(direction[$1]) * Double(p.gradients[$1]) }
        let start = (0..<count).map { p.values[$0] }
        func at(_ h: Float) -> Double {
            for i in 0..<count { p.values[i] = start[i] + h * direction[i] }
            return heads.loss(batch, workspace)
        }
        let h: Float = 0.01
        let measured = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * Double(h))
        #expect(abs(measured - slope) < 2e-3 * max(1, abs(slope)), "gradient \(slope), measured \(measured)")
    }

    /// A head without targets adds nothing and moves nothing; the others are as they were.
    @Test func missingHeads() throws {
        let (heads, workspace) = (try heads(), Workspace(threads: 1))
        let all = heads.loss(Self.batch(), workspace)
        var sum = 0.0
        for only in 0..<3 {
            sum += heads.loss(Self.batch(without: Set(0..<3).subtracting([only])), workspace)
            for (i, name) in ["tags", "numbers", "classes"].enumerated() {
                let moves = heads.parameters[name]?.gradientArray.contains { $0 != 0 } == true
                #expect(moves == (i == only), "\(name) with head \(only) alone")
            }
        }
        #expect(abs(all - sum) < 1e-5)
    }

    /// Raw losses do not depend on coefficients, and rows without a target have none.
    @Test func rawLosses() throws {
        let (heads, workspace) = (try heads(), Workspace(threads: 1))
        func raw(_ coefficients: [Double]) -> [[Float]] {
            let run = heads.plan.run(Self.batch(coefficients), workspace: workspace)
            return heads.raw.map { Array(run.values($0)) }
        }
        let losses = raw([1, 1, 1])
        #expect(losses == raw([3, 0, 7]))
        #expect(losses[0].count == Self.marks.count && losses[0][1] == 0 && losses[0][0] > 0)
        #expect(losses[1][1] == 0 && losses[1][0] > 0 && losses[2][1] == 0)
        let single = heads.loss(Self.batch([0, 1, 0]), workspace)
        #expect(abs(single - losses[1].reduce(0) { $0 + Double($1) } / 4) < 1e-5)
    }
}
