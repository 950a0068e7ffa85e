import CKernels
import Foundation
import Testing

/// Attention and the fusion's mix against their definitions in double; gradients against the definitions' central
/// differences in double (step 1e-5, so 1e-9 off), dropout on.
@Suite struct AttentionKernelTests {
    struct Shape: Sendable {
        var queries, keys, extra, heads, head: Int
        var width: Int { heads * head }
        var all: Int { extra + keys }
    }
    static let shapes = [
        Shape(queries: 1, keys: 1, extra: 0, heads: 1, head: 1),
        Shape(queries: 3, keys: 3, extra: 0, heads: 2, head: 5),
        Shape(queries: 1, keys: 17, extra: 0, heads: 3, head: 16),
        Shape(queries: 17, keys: 17, extra: 2, heads: 2, head: 3),
        Shape(queries: 1, keys: 4, extra: 5, heads: 2, head: 17),
        Shape(queries: 7, keys: 7, extra: 30, heads: 1, head: 33),
        Shape(queries: 33, keys: 33, extra: 0, heads: 2, head: 32),
        Shape(queries: 1, keys: 16, extra: 0, heads: 1, head: 64),
    ]

    /// y [queries, width] of q, then k and v (all keys, the extra ones first), masked.
    static func reference(_ s: Shape, _ x: [Double], _ masks: [[Double]]) -> (y: [Double], p: [Double]) {
        let (w, q, k, v) = (s.width, 0, s.queries * s.width, (s.queries + s.all) * s.width)
        var y = [Double](repeating: 0, count: s.queries * w)
        var p: [Double] = []
        for h in 0..<s.heads {
            for i in 0..<s.queries {
                var row = (0..<s.all).map { j in
                    (h * s.head..<(h + 1) * s.head).reduce(0.0) { $0 + x[q + i * w + $1] * x[k + j * w + $1] }
                        / Double(s.head).squareRoot()
                }
                let top = row.max() ?? 0
                row = row.map { exp($0 - top) }
                let sum = row.reduce(0, +)
                row = row.map { $0 / sum }
                p += row
                for c in h * s.head..<(h + 1) * s.head {
                    y[i * w + c] = (0..<s.all).reduce(0) {
                        $0 + row[$1] * masks[h * s.queries + i][$1] * x[v + $1 * w + c]
                    }
                }
            }
        }
        return (y, p)
    }

    @Test(arguments: instructionSets, shapes.indices) func attention(_ set: Int, _ index: Int) throws {
        let k = try kernels(set)
        let s = Self.shapes[index]
        let w = s.width
        let count = (s.queries + 2 * s.all) * w
        let x = normals(count, 3)
        let (q, rest) = (Array(x.prefix(s.queries * w)), Array(x.dropFirst(s.queries * w)))
        let (ek, kk) = (Array(rest.prefix(s.extra * w)), Array(rest[s.extra * w..<s.all * w]))
        let (ev, vv) = (
            Array(rest[s.all * w..<(s.all + s.extra) * w]), Array(rest[(s.all + s.extra) * w..<2 * s.all * w])
        )
        let identities = (0..<UInt64(s.queries)).map { 9 << 12 | $0 }
        for rate: Float in [0, 0.3] {
            let dropout = random(rate)
            let masks = (0..<s.heads * s.queries).map { i in
                mask(k, identities[i % s.queries] * 4096 + UInt64(i / s.queries) + 1, width: s.all, dropout)
            }
            var scratch =
                [Float](repeating: .nan, count: amalgam_attention_scratch(s.queries, s.all, s.heads, w)) + canary
            var y = [Float](repeating: 0, count: s.queries * w) + canary
            let padded = (s.all + 15) / 16 * 16
            var p = [Float](repeating: .nan, count: s.heads * s.queries * padded) + canary
            k.attend(
                &y, &p, q, kk, vv, ek, ev, s.queries, s.keys, s.extra, s.heads, w, identities, dropout, &scratch)
            let wide = x.map(Double.init)
            let expected = Self.reference(s, wide, masks)
            expectClose(y, expected.y + canary.map(Double.init), 1e-5, "attend \(s)")
            let rows = (0..<s.heads * s.queries).map { Array(p[$0 * padded..<($0 + 1) * padded]) }
            expectClose(rows.flatMap { $0.prefix(s.all) }, expected.p, 1e-6, "probabilities \(s)")
            #expect(rows.allSatisfy { $0.dropFirst(s.all).allSatisfy { $0 == 0 } })
            #expect(Array(p.suffix(16)) == canary)
            #expect(Array(scratch.suffix(16)) == canary)
            var again = [Float](repeating: 0, count: s.queries * w) + canary
            k.attend(
                &again, nil, q, kk, vv, ek, ev, s.queries, s.keys, s.extra, s.heads, w, identities, dropout, &scratch)
            #expect(again == y)

            let dy = normals(s.queries * w, 4)
            let slope = slopes(wide) { x in
                zip(Self.reference(s, x, masks).y, dy).reduce(0) { $0 + $1.0 * Double($1.1) }
            }
            func zeros(_ rows: Int) -> [Float] { [Float](repeating: 0, count: rows * w) + canary }
            var (dq, dk, dv) = (zeros(s.queries), zeros(s.keys), zeros(s.keys))
            var (dek, dev) = (zeros(s.extra), zeros(s.extra))
            scratch = scratch.dropLast(16).map { _ in .nan } + canary
            k.attend_backward(
                &dq, &dk, &dv, &dek, &dev, dy, p, q, kk, vv, ek, ev, s.queries, s.keys, s.extra, s.heads, w, identities,
                dropout, &scratch)
            #expect(Array(scratch.suffix(16)) == canary)
            for gradient in [dq, dk, dv, dek, dev] { #expect(Array(gradient.suffix(16)) == canary) }
            let ours = dq.dropLast(16) + dek.dropLast(16) + dk.dropLast(16) + dev.dropLast(16) + dv.dropLast(16)
            expectClose(ours, slope, 2e-5, "attend_backward \(s), rate \(rate)")

            // each alone, the others not wanted
            var alone = zeros(s.keys)
            k.attend_backward(
                nil, &alone, nil, nil, nil, dy, p, q, kk, vv, ek, ev, s.queries, s.keys, s.extra, s.heads, w,
                identities,
                dropout, &scratch)
            #expect(alone == dk)
            alone = zeros(s.extra)
            k.attend_backward(
                nil, nil, nil, nil, &alone, dy, p, q, kk, vv, ek, ev, s.queries, s.keys, s.extra, s.heads, w,
                identities,
                dropout, &scratch)
            #expect(alone == dev)
        }
    }

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
