import CKernels
import Numerics
import Testing

/// Seeded numbers, N(0, deviation).
func normals(_ count: Int, _ seed: UInt64, deviation: Float = 1) -> [Float] {
    (0..<count).map { deviation * Randomness.normal(Randomness.key(seed), $0) }
}

/// Expects |ours − theirs| ≤ tolerance · max(1, |theirs|) everywhere; a failure shows the worst element.
func expectClose(
    _ ours: some Collection<Float>, _ theirs: [Double], _ tolerance: Double, _ comment: @autoclosure () -> String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    var worst = (error: 0.0, index: 0, ours: Float(0), theirs: 0.0)
    for (i, (a, b)) in zip(ours, theirs).enumerated() {
        let error = a.isFinite ? abs(Double(a) - b) / max(1, abs(b)) : .infinity
        if error > worst.error { worst = (error, i, a, b) }
    }
    #expect(ours.count == theirs.count, "\(comment())", sourceLocation: sourceLocation)
    #expect(
        worst.error <= tolerance,
        "\(comment()): element \(worst.index) is \(worst.ours), should be \(worst.theirs), error \(worst.error)",
        sourceLocation: sourceLocation)
}

/// The instruction sets that this processor offers, by their index.
let instructionSets: [Int] = Array(0..<8).filter { amalgam_kernels_at(Int32($0)) != nil }

func kernels(_ index: Int) throws -> amalgam_kernels { try #require(amalgam_kernels_at(Int32(index))).pointee }

/// Writes past the end show: what a kernel is given ends in these.
let canary = [Float](repeating: 77, count: 16)

func random(_ rate: Float, key: UInt64 = 5) -> amalgam_dropout {
    amalgam_dropout(key: key, threshold: UInt32(Double(rate) * 4_294_967_296), scale: 1 / (1 - rate))
}

/// The mask of a row, by dropping from ones.
func mask(_ kernels: amalgam_kernels, _ identity: UInt64, width: Int, _ dropout: amalgam_dropout) -> [Double] {
    var y = [Float](repeating: 0, count: width)
    kernels.drop_rows(&y, [Float](repeating: 1, count: width), nil, [identity], 1, width, dropout, false)
    return y.map(Double.init)
}

/// Central differences of a function in double, for each element of `x`.
func slopes(_ x: [Double], step: Double = 1e-5, _ f: ([Double]) -> Double) -> [Double] {
    var x = x
    return x.indices.map { i in
        let old = x[i]
        x[i] = old + step
        let up = f(x)
        x[i] = old - step
        let down = f(x)
        x[i] = old
        return (up - down) / (2 * step)
    }
}
