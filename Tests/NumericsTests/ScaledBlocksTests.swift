import Foundation
import Testing

@testable import Numerics

/// Blocks of a weight's columns times factors that learn.
@Suite struct ScaledBlocksTests {
    private typealias Ops = OperationGradientTests

    /// Two blocks share a factor, and one factor has no block.
    private static let blocks = [(column: 2, width: 3), (column: 0, width: 1), (column: 2, width: 2)]

    private static func weight(_ rows: Int, _ columns: Int, seed: UInt64 = 4) -> Weight {
        Weight((0..<rows * columns).map { Randomness.normal(Randomness.key(seed), $0) }, shape: [rows, columns])
    }

    /// A weight whose blocks have factors for each row, with and without dropout on the factors.
    @Test(arguments: [Float(0), 0.4]) func factorsForEachRow(_ rate: Float) throws {
        let probe = try OperationProbe(
            Ops.head + [Ops.matrix("in", 6, Ops.d), Ops.matrix("factors", Ops.d, 4)]
        ) { builder, x, operand in
            let factors = try operand("factors")
            let weight = builder.derive("weight", rows: Ops.d) { inner in
                let dropped = inner.append(
                    DropAdd(
                        inner.append(WeightRows(factors, in: inner)), dropout: DropoutSite(site: "f", rate: rate),
                        in: inner))
                return [
                    inner.append(
                        ScaledBlocks(dropped, times: Self.weight(Ops.d, 6), blocks: Self.blocks, in: inner))
                ]
            }[0]
            let wide = builder.append(Linear(x, weight: try operand("in"), bias: nil, in: builder))
            return try Ops.classify(
                builder.append(Linear(wide, weight: weight, bias: nil, in: builder)), builder, operand)
        }
        probe.check(stepKey: rate > 0 ? 3 : nil)
    }

    @Test func valuesOfScaledBlocks() throws {
        try Products.load()
        let (x, w) = (Self.weight(2, 4, seed: 7), Self.weight(2, 6))
        let found = PlanBuilder().derive("y", rows: 2) { inner in
            [
                inner.append(
                    ScaledBlocks(
                        inner.append(WeightRows(.frozen(x), in: inner)), times: w, blocks: Self.blocks, in: inner))
            ]
        }[0].values
        let columns = [2, 2, 2, 0, 2, 2]
        let (factors, weights) = (x.values, w.values)
        for (i, value) in found.enumerated() {
            let factor = factors[i / 6 * 4 + columns[i % 6]]
            #expect(value == factor * weights[i])
        }
    }
}
