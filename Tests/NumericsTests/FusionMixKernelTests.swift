import CKernels
import Foundation
import Testing

/// The fusion's mix against its definition in double; gradients against the definition's central differences in double
/// (step 1e-5, so 1e-9 off), dropout on.
@Suite struct FusionMixKernelTests {
    @Test(arguments: instructionSets, [[1], [3, 3], [1, 17, 5], [33, 16, 48, 2]]) func fusionMix(
        _ set: Int, _ widths: [Int]
    ) throws {
        let k = try kernels(set)
        let (rows, n) = (3, widths.count)
        let starts = widths.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
        let (z, w) = (starts[n], starts[n] + n)
        let temperature = 0.7
        let identities: [UInt64] = [4, 5, 6]
        for rate: Float in [0, 0.4] {
            let masks = identities.map { mask(k, $0, width: n, random(rate)) }
            // x: w, z and the query's bias
            func mix(_ x: [Double]) -> (a: [Double], p: [Double]) {
                var (a, all) = ([Double](), [Double]())
                for r in 0..<rows {
                    let (wr, zr, bias) = (r * w, rows * w + r * z, x[rows * (w + z) + r])
                    let scores = (0..<n).map { i in
                        ((starts[i]..<starts[i + 1]).reduce(x[wr + z + i] + bias) { $0 + x[wr + $1] * x[zr + $1] })
                            * masks[r][i] / temperature
                    }
                    let e = scores.map { exp($0 - (scores.max() ?? 0)) }
                    let p = e.map { $0 / e.reduce(0, +) }
                    for i in 0..<n { for c in starts[i]..<starts[i + 1] { a.append(p[i] * x[zr + c]) } }
                    a += p
                    all += p
                }
                return (a, all)
            }
            let x = normals(rows * (w + z + 1), 1, deviation: 0.7)
            let (wv, zv) = (Array(x.prefix(rows * w)), Array(x[rows * w..<rows * (w + z)]))
            let bias = Array(x.suffix(rows))
            var a = [Float](repeating: 0, count: rows * w) + canary
            var p = [Float](repeating: 0, count: rows * n) + canary
            k.fusion_mix(
                &a, &p, wv, zv, identities, starts.map(Int32.init), n, rows, bias, Float(temperature), random(rate))
            let wide = x.map(Double.init)
            expectClose(a, mix(wide).a + canary.map(Double.init), 2e-6, "a \(widths)")
            expectClose(p, mix(wide).p + canary.map(Double.init), 2e-6, "p \(widths)")

            let da = normals(rows * w, 2)
            let slope = slopes(wide) { zip(mix($0).a, da).reduce(0) { $0 + $1.0 * Double($1.1) } }
            let start = normals(rows * z, 3)
            for accumulate in [false, true] {
                var dw = [Float](repeating: 0, count: rows * w) + canary
                var dz = start + canary
                var dbias = [Float](repeating: 0, count: rows) + canary
                k.fusion_mix_backward(
                    &dw, &dz, accumulate, &dbias, da, p, wv, zv, identities, starts.map(Int32.init), n, rows,
                    Float(temperature), random(rate))
                for gradient in [dw, dz, dbias] { #expect(Array(gradient.suffix(16)) == canary) }
                let expected = slope.enumerated().map { i, d in
                    accumulate && (rows * w..<rows * (w + z)).contains(i) ? d + Double(start[i - rows * w]) : d
                }
                expectClose(
                    dw.dropLast(16) + dz.dropLast(16) + dbias.dropLast(16), expected, 1e-5,
                    "backward \(widths), \(rate)")
            }
        }
    }
}
