import Foundation
import Testing

@testable import Numerics

/// Losses of arcs and labels on marked tokens, and the trees read from the same scores.
@Suite struct ArcLossTests {
    private static let width = OperationProbe.width
    private static let arcWidth = 11
    private static let labelWidth = 3
    private static let labels = 4
    private static let specs =
        OperationProbe.tables() + [
            ParameterSpec("q", [arcWidth, width], .normal(0.5)), ParameterSpec("k", [arcWidth, width], .normal(0.5)),
            ParameterSpec("root", [1, width], .normal(0.5)),
            ParameterSpec("lq", [labels * (labelWidth + 1), width], .normal(0.5)),
            ParameterSpec("lk", [labelWidth, width], .normal(0.5)),
            ParameterSpec("lroot", [labels, width], .normal(0.5)),
        ]

    private struct Made {
        let parameters: ParameterBuffer
        let plan: Plan
        let rows: [Value]
        let tree: Value
        let loss: Value

        func run(_ batch: PackedBatch, _ workspace: Workspace) -> Double {
            plan.run(batch, workspace: workspace).values(loss).reduce(0) { $0 + Double($1) }
        }
    }

    /// - Parameter treeFirst: whether the tree is read before the losses are, which decides who writes gradients first.
    private func made(trains: Bool = true, treeFirst: Bool = false) throws -> Made {
        try Products.load()
        let parameters = try ParameterBuffer(Self.specs, seed: 4)
        let operand = OperandTable(trainable: parameters) { _ in nil }
        let builder = PlanBuilder()
        let x = builder.append(
            Embedding(
                words: try operand("words"), positions: try operand("positions"), types: try operand("types"),
                firstPosition: 1, in: builder))
        let marked = builder.append(GatherMarked(x, head: 0, in: builder))
        func linear(_ name: String) throws -> Value {
            builder.append(Linear(marked, weight: try operand(name), bias: nil, in: builder))
        }
        let arcs = BiaffineArcs(queries: try linear("q"), keys: try linear("k"), roots: try linear("root"))
        let labels = BiaffineLabels(queries: try linear("lq"), keys: try linear("lk"), roots: try linear("lroot"))
        let first = treeFirst ? builder.append(BestTrees(arcs, labels, in: builder)) : nil
        let rows = [
            builder.append(ArcCrossEntropy(arcs, head: 0, in: builder)),
            builder.append(ArcLabelCrossEntropy(labels, head: 0, in: builder)),
        ]
        let tree = first ?? builder.append(BestTrees(arcs, labels, in: builder))
        let sum = builder.append(WeightedSum(rows, weights: [1, 1], in: builder))
        let loss = builder.append(Reduce(sum, head: 0, in: builder))
        return Made(
            parameters: parameters, plan: Plan(builder, outputs: rows + [tree, loss], trains: trains), rows: rows,
            tree: tree, loss: loss)
    }

    private static let lengths = [1, 4, 2, 5, 3]
    // Words of the sequences: 1, 3, 0, 4 and 2
    private static let marks: [Int32] = [0, 1, 2, 4, 7, 8, 9, 11, 12, 14]
    /// Head and label of each word; one label and one head are missing.
    private static let targets: [Int32] =
        [0, 3] + [2, 1, 0, 0, 2, -1] + [4, 2, 1, 1, -1, -1, 0, 0] + [0, 2, 1, 3]

    private static func batch(_ targets: [Int32] = targets) -> PackedBatch {
        let sequences = lengths.enumerated().map { i, length in
            let ids = (0..<length).map { Int32(Randomness.integer(UInt64(i), $0, below: 11)) }
            return (ids: ids, types: ids.map { $0 % 2 }, row: SequenceRow(example: UInt64(i)))
        }
        return PackedBatch(sequences, targets: [0: HeadTargets(.indices(targets, width: 2), marks: marks)])
    }

    /// All gradients along a random direction, against central differences of order four.
    @Test(arguments: 1...4, [false, true]) func gradients(seed: Int, treeFirst: Bool) throws {
        let (made, workspace) = (try made(treeFirst: treeFirst), Workspace(threads: 2))
        let batch = Self.batch()
        #expect(batch.targets[0]?.normalizer == 9)
        for i in 0..<made.parameters.count { made.parameters.gradients[i] = 1e3 }
        _ = made.run(batch, workspace)
        let p = made.parameters
        let indices = p.parameters.flatMap { $0.offset..<$0.offset + $0.count }
        let direction = indices.indices.map { Randomness.normal(UInt64(seed), $0) }
        let slope = zip(indices, direction).reduce(0.0) { $0 + Double($1.1) * Double(p.gradients[$1.0]) }
        let start = indices.map { p.values[$0] }
        func at(_ h: Float) -> Double {
            for (n, i) in indices.enumerated() { p.values[i] = start[n] + h * direction[n] }
            return made.run(batch, workspace)
        }
        let h: Float = 0.005
        let measured = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * Double(h))
        #expect(abs(measured - slope) < 2e-3 * max(1, abs(slope)), "gradient \(slope), measured \(measured)")
        #expect(made.plan.parameters.count == Self.specs.count)
    }

    /// Each tensor by itself has a gradient of its own.
    @Test func everyTensor() throws {
        let (made, workspace) = (try made(), Workspace(threads: 1))
        let batch = Self.batch()
        _ = made.run(batch, workspace)
        // Later runs write other gradients
        let parameters = made.parameters.parameters.filter { $0.name.count < 6 }
        for (parameter, gradient) in zip(parameters, parameters.map(\.gradientArray)) {
            for i in [0, parameter.count / 2, parameter.count - 1] {
                let old = parameter.values[i]
                func at(_ offset: Float) -> Double {
                    parameter.values[i] = old + offset
                    return made.run(batch, workspace)
                }
                let h: Float = 0.02
                let slope = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * Double(h))
                parameter.values[i] = old
                #expect(abs(slope - Double(gradient[i])) < 3e-4 + 1e-3 * abs(slope), "\(parameter.name)[\(i)]")
            }
        }
    }

    /// Words without a target have no loss, a head without targets has none, and one thread gives the same bytes as two.
    @Test func rowsOfTheLoss() throws {
        let made = try made()
        let run = made.plan.run(Self.batch(), workspace: Workspace(threads: 1))
        let arcs = Array(run.values(made.rows[0]))
        let labels = Array(run.values(made.rows[1]))
        #expect(arcs.count == Self.marks.count)
        // A sentence of one word has one head to choose from
        #expect(arcs[0] == 0 && labels[0] > 0)
        #expect(arcs[3] > 0 && labels[3] == 0)
        #expect(arcs[6] == 0 && labels[6] == 0)
        let two = made.plan.run(Self.batch(), workspace: Workspace(threads: 2))
        #expect(arcs == Array(two.values(made.rows[0])) && labels == Array(two.values(made.rows[1])))
        let none = Self.batch([Int32](repeating: -1, count: Self.targets.count))
        #expect(made.run(none, Workspace(threads: 1)) == 0)
    }

    /// What is read as the tree has the smallest sum of losses among all trees, and its probability is what the losses say.
    @Test func treesHaveTheSmallestLoss() throws {
        let (made, workspace) = (try made(trains: false), Workspace(threads: 1))
        let run = made.plan.run(Self.batch(), workspace: workspace)
        let tree = Array(run.values(made.tree))
        var found: [Int32] = []
        for word in Self.marks.indices { found += [Int32(tree[word * 3]), Int32(tree[word * 3 + 1])] }
        func losses(_ targets: [Int32]) -> [Double] {
            let run = made.plan.run(Self.batch(targets), workspace: workspace)
            return zip(run.values(made.rows[0]), run.values(made.rows[1])).map { Double($0) + Double($1) }
        }
        let own = losses(found)
        for (word, loss) in own.enumerated() {
            #expect(abs(exp(-loss) - Double(tree[word * 3 + 2])) < 1e-5, "word \(word)")
        }
        // The sequence with three words, rows 1 to 3: each other tree, with each label
        let trees: [[Int32]] = [
            [0, 1, 1], [0, 1, 2], [0, 3, 1], [2, 0, 2], [2, 0, 1], [3, 0, 2], [2, 3, 0], [3, 3, 0], [3, 1, 0],
        ]
        #expect(trees.contains(Self.marks.indices[1..<4].map { found[$0 * 2] }))
        let arcs = made.plan.run(Self.batch(found), workspace: workspace).values(made.rows[0])
        let best = arcs[1] + arcs[2] + arcs[3]
        for heads in trees {
            var other = found
            for (place, head) in heads.enumerated() { other[(place + 1) * 2] = head }
            let theirs = made.plan.run(Self.batch(other), workspace: workspace).values(made.rows[0])
            #expect(theirs[1] + theirs[2] + theirs[3] >= best - 1e-5, "\(heads)")
        }
        for label in Int32(0)..<4 {
            var other = found
            other[3] = label
            #expect(losses(other)[1] >= own[1] - 1e-5)
        }
    }
}
