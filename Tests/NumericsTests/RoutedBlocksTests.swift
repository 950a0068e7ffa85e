import Foundation
import Testing

@testable import Numerics

/// Blocks of narrow activations that each row chooses among.
@Suite struct RoutedBlocksTests {
    private typealias Ops = OperationGradientTests

    private static func routed(choosing count: Int) throws -> OperationProbe {
        try OperationProbe(
            Ops.head + [Ops.matrix("in", 6, Ops.d), Ops.matrix("scores", 4, Ops.d), Ops.matrix("out", Ops.d, 6)]
        ) { builder, x, operand in
            let z = builder.append(Linear(x, weight: try operand("in"), bias: nil, in: builder))
            let scores = builder.append(Linear(x, weight: try operand("scores"), bias: nil, in: builder))
            let y = builder.append(
                RoutedBlocks(
                    scores: scores, z: z, widths: [1, 2, 1, 2], choosing: count, temperature: 0.7, in: builder))
            return try Ops.classify(
                builder.append(Linear(y, weight: try operand("out"), bias: nil, in: builder)), builder, operand)
        }
    }

    /// Along a direction, since single differences cross the kinks where a row chooses others.
    @Test(arguments: [4, 9]) func gradientsOfAllBlocks(_ count: Int) throws {
        try Self.routed(choosing: count).checkDirection()
    }

    /// Against the definition: the two largest of three scores, whatever their signs.
    @Test func valuesOfRoutedBlocks() throws {
        try Products.load()
        let builder = PlanBuilder()
        let (scores, z): ([Float], [Float]) = ([1, -3, 2], [5, 6, 7, 8])
        let x = builder.append(RepeatedTensor(.frozen(Weight(scores, shape: [3])), rows: .sequences, in: builder))
        let narrow = builder.append(RepeatedTensor(.frozen(Weight(z, shape: [4])), rows: .sequences, in: builder))
        let y = builder.append(
            RoutedBlocks(scores: x, z: narrow, widths: [1, 2, 1], choosing: 2, temperature: 2, in: builder))
        let workspace = Workspace(threads: 1)
        let found = withExtendedLifetime(workspace) {
            Array(
                Plan(builder, outputs: [y], trains: false).run(Derivation.batch(rows: 1), workspace: workspace)
                    .values(y))
        }
        let p = 1 / (1 + exp(-0.5))
        for (value, expected) in zip(found, [0, 6 * p, 7 * p, 8 * (1 - p)]) {
            #expect(abs(Double(value) - expected) < 1e-5, "\(found)")
        }
    }
}
