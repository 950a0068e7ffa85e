import Testing

@testable import Numerics

/// Weights that are computed from few numbers: sums of Kronecker products, and orthonormal rows.
@Suite struct DerivedWeightTests {
    private typealias Ops = OperationGradientTests

    private func probe(
        _ specs: [ParameterSpec], rows: Int, frozen: Set<String> = [],
        _ build: @escaping (PlanBuilder, (String) throws -> Operand) throws -> Value
    ) throws -> OperationProbe {
        try OperationProbe(
            Ops.head + [Ops.matrix("in", 6, Ops.d), Ops.matrix("out", Ops.d, rows)] + specs, frozen: frozen
        ) {
            builder, x, operand in
            let weight = try builder.derive("weight", rows: rows) { [try build($0, operand)] }[0]
            let wide = builder.append(Linear(x, weight: try operand("in"), bias: nil, in: builder))
            let y = builder.append(Linear(wide, weight: weight, bias: nil, in: builder))
            let z = builder.append(Linear(y, weight: try operand("out"), bias: nil, in: builder))
            return try Ops.classify(z, builder, operand)
        }
    }

    private static func tensor(_ name: String, _ shape: Int...) -> ParameterSpec {
        ParameterSpec(name, shape, .normal(0.5))
    }

    /// Whole matrices and products, of rank 1 and 2; a matrix may be frozen.
    @Test(arguments: [[], ["rule"], ["left"], ["words", "positions", "types", "in"]] as [Set<String>], [1, 2])
    func kronecker(_ frozen: Set<String>, _ rank: Int) throws {
        let factors = [Self.tensor("left", 2, 3, rank), Self.tensor("right", 2, rank, 2)]
        try probe([Self.tensor("rule", 2, 2, 2)] + factors, rows: 4, frozen: frozen) { inner, operand in
            inner.append(
                KroneckerSum(
                    rule: .whole(try operand("rule")),
                    weights: .product(try operand("left"), try operand("right")), in: inner))
        }.check()
        guard frozen.isDisjoint(with: ["rule", "left"]) else { return }
        let rules = [Self.tensor("a", 2, 2, 1), Self.tensor("b", 2, 1, 2), Self.tensor("w", 2, 3, 2)]
        try probe(rules, rows: 4, frozen: frozen) { inner, operand in
            inner.append(
                KroneckerSum(
                    rule: .product(try operand("a"), try operand("b")), weights: .whole(try operand("w")), in: inner))
        }.check()
    }

    /// Against the definition: y = Hᵀ with H = Σ A ⊗ W.
    @Test func kroneckerValues() throws {
        try Products.load()
        let (n, p, q) = (2, 3, 2)
        let a = (0..<8).map { Float($0) - 3 }
        let w = (0..<12).map { Float($0 * $0) / 10 }
        let builder = PlanBuilder()
        let found = builder.derive("h", rows: n * q) { inner in
            [
                inner.append(
                    KroneckerSum(
                        rule: .whole(.frozen(Weight(a, shape: [n, n, n]))),
                        weights: .whole(.frozen(Weight(w, shape: [n, p, q]))), in: inner))
            ]
        }[0]
        #expect(found.shape == [n * q, n * p])
        for row in 0..<n * q {
            for column in 0..<n * p {
                let expected = (0..<n).reduce(Float(0)) { sum, i in
                    sum + a[(i * n + column / p) * n + row / q] * w[(i * p + column % p) * q + row % q]
                }
                #expect(abs(found.values[row * n * p + column] - expected) < 1e-5)
            }
        }
    }

    @Test(arguments: [1, 2, 3, 5], [[], ["words", "positions", "types", "in"]] as [Set<String>])
    func orthonormal(_ rows: Int, _ frozen: Set<String>) throws {
        let probe = try probe([Ops.matrix("x", rows, 6)], rows: rows, frozen: frozen) { inner, operand in
            inner.append(OrthonormalRows(try operand("x"), in: inner))
        }
        // No step of the check may change a sign on the diagonal
        let x = try #require(probe.parameters["x"])
        for row in 0..<rows { x.values[row * 7] = row % 2 == 0 ? -1 : 1 }
        probe.check()
        for i in 0..<x.count where i % 6 <= i / 6 { #expect(x.gradientArray[i] == 0) }
    }

    /// Rows are orthonormal, and each matrix of such rows has its numbers, which are found again.
    @Test(arguments: 0..<20) func reflections(_ seed: Int) throws {
        let (rows, width) = (1 + seed % 4, 5 + seed % 3)
        func values(_ x: [Float]) -> [[Double]] {
            x.withUnsafeBufferPointer { pointer in
                guard let base = pointer.baseAddress else { return [] }
                let reflections = Reflections(base, rows: rows, width: width)
                return (0..<rows).map { reflections.row($0) }
            }
        }
        let r = values(normals(rows * width, UInt64(seed), deviation: 1))
        for i in 0..<rows {
            for j in 0...i {
                let product = zip(r[i], r[j]).reduce(0) { $0 + $1.0 * $1.1 }
                #expect(abs(product - (i == j ? 1 : 0)) < 1e-12, "\(i), \(j): \(product)")
            }
        }
        let numbers = Reflections.numbers(of: r)
        for i in numbers.indices where i % width <= i / width {
            #expect(i % width == i / width ? abs(numbers[i]) == 1 : numbers[i] == 0)
        }
        let again = values(numbers)
        #expect(zip(r.joined(), again.joined()).allSatisfy { abs($0 - $1) < 1e-6 })
    }
}
