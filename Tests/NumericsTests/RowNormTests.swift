import Testing

@testable import Numerics

/// Norms of updated weights, and the products with them: DoRA's operations.
@Suite struct RowNormTests {
    static let d = OperationProbe.width
    static func operand(_ rows: Int, _ columns: Int, _ seed: UInt64) -> Operand {
        .frozen(Weight(normals(rows * columns, seed), shape: [rows, columns]))
    }

    /// Against the sum W + s Σ Bᵢ Aᵢ in double, over more rows than a slice has.
    @Test(arguments: [[3], [1, 4], []], [(rows: 5, columns: 7), (700, 9)]) func norms(
        _ ranks: [Int], _ shape: (rows: Int, columns: Int)
    ) throws {
        try Products.load()
        let (rows, columns, scale) = (shape.rows, shape.columns, Float(-0.7))
        let weight = Self.operand(rows, columns, 1)
        let updates = ranks.enumerated().map { i, rank in
            (down: Self.operand(rank, columns, UInt64(2 + 2 * i)), up: Self.operand(rows, rank, UInt64(3 + 2 * i)))
        }
        let found = PlanBuilder().derive("norms", rows: rows) {
            [$0.append(InverseRowNorms(weight, updates: updates, scale: scale, in: $0))]
        }[0]
        let expected = (0..<rows).map { o in
            (0..<columns).reduce(0.0) { sum, i in
                var element = Double(weight.floats[o * columns + i])
                for (down, up) in updates {
                    let rank = down.shape[0]
                    for k in 0..<rank {
                        element += Double(scale) * Double(up.floats[o * rank + k] * down.floats[k * columns + i])
                    }
                }
                return sum + element * element
            }
        }
        expectClose(found.values, expected.map { 1 / $0.squareRoot() }, 1e-6)
    }

    @Test func rowOfZeros() throws {
        try Products.load()
        let found = PlanBuilder().derive("norms", rows: 2) {
            let zeros = Operand.frozen(Weight([0, 0, 3, 4], shape: [2, 2]))
            return [$0.append(InverseRowNorms(zeros, updates: [], scale: 1, in: $0))]
        }[0]
        #expect(found.values == [0, 0.2])
    }

    /// y = m ⊘ ‖W + B A‖ ⊙ (x − b) + b, with W, A and B standing still.
    private func probe(learnsUpdate: Bool = false, frozen: Set<String> = []) throws -> OperationProbe {
        let d = Self.d
        let update = [OperationGradientTests.matrix("a", 2, d), OperationGradientTests.matrix("b", d, 2)]
        let own = [OperationGradientTests.vector("m", d), OperationGradientTests.vector("center", d)]
        return try OperationProbe(
            OperationGradientTests.head + own + update, frozen: frozen.union(learnsUpdate ? [] : ["a", "b"])
        ) { builder, x, operand in
            let factors = try builder.derive("factors", rows: d) { inner in
                let inverse = inner.append(
                    InverseRowNorms(
                        Self.operand(d, d, 5), updates: [(down: try operand("a"), up: try operand("b"))], scale: 0.5,
                        in: inner))
                return [inner.append(WeightRows(try operand("m").reshaped([d, 1]), times: inverse, in: inner))]
            }[0]
            let y = builder.append(
                MultiplyRows(x, by: factors.reshaped([d]), around: try operand("center"), in: builder))
            return try OperationGradientTests.classify(y, builder, operand)
        }
    }

    @Test(arguments: [[], ["center"], ["m"], ["m", "center"]] as [Set<String>]) func gradients(_ frozen: Set<String>)
        throws
    {
        try probe(frozen: frozen).check()
    }

    /// A and B move the norms at the next step, and have no gradient of them.
    @Test func theNormsAreConstants() throws {
        let probe = try probe(learnsUpdate: true)
        #expect(Set(probe.plan.parameters.map(\.name)).isDisjoint(with: ["a", "b"]))
        let before = probe.lossSum(stepKey: nil)
        let a = try #require(probe.parameters["a"])
        for i in 0..<a.count { a.values[i] += 1 }
        let after = probe.lossSum(stepKey: nil)
        #expect(before != after)
        for i in 0..<a.count { a.values[i] -= 1 }
        #expect(abs(probe.lossSum(stepKey: nil) - before) < 1e-6)
    }
}
