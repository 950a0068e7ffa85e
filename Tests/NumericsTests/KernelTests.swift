import CKernels
import Foundation
import Testing

/// Every loop over elements against plain arithmetic in double, for each instruction set. Widths are odd, so rows lie on
/// no vector's border; buffers end in canaries.
@Suite struct KernelTests {
    static let widths = [1, 3, 16, 17, 33, 384]
    static let kinds: [Int32] = [AMALGAM_RELU, AMALGAM_GELU, AMALGAM_SWISH, AMALGAM_TANH, AMALGAM_GELU_TANH]

    static func activation(_ kind: Int32, _ x: Double) -> Double {
        switch kind {
        case AMALGAM_RELU: max(x, 0)
        // erfc: 1 + erf loses everything far below zero
        case AMALGAM_GELU: 0.5 * x * erfc(-x / 2.0.squareRoot())
        case AMALGAM_SWISH: x / (1 + exp(-x))
        case AMALGAM_GELU_TANH: 0.5 * x * (1 + tanh(geluInner(x)))
        default: tanh(x)
        }
    }

    static func geluInner(_ x: Double) -> Double { (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x) }

    static func slope(_ kind: Int32, _ x: Double) -> Double {
        switch kind {
        case AMALGAM_RELU: return x > 0 ? 1 : 0
        case AMALGAM_GELU:
            return 0.5 * erfc(-x / 2.0.squareRoot()) + x * exp(-x * x / 2) / (2 * Double.pi).squareRoot()
        case AMALGAM_SWISH:
            let s = 1 / (1 + exp(-x))
            return s * (1 + x * (1 - s))
        case AMALGAM_GELU_TANH:
            // Far outside the slope is 0 or 1, and the product would be 0 · ∞
            if abs(x) > 30 { return x > 0 ? 1 : 0 }
            let t = tanh(geluInner(x))
            return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * (2 / Double.pi).squareRoot() * (1 + 3 * 0.044715 * x * x)
        default: return 1 - tanh(x) * tanh(x)
        }
    }

    /// From −12 to 12 finely, and far outside, where a polynomial's clamp has to hold.
    static let points: [Float] =
        (-4800...4800).map { Float($0) / 400 }
        + [
            -1e4, 1e4, -1e30, 1e30, -88, 88, -87.4, 87.4, -100, 100, -0.0, 0, 1e-30, -1e-30, 1e-4, -1e-4, 0.0547,
            0.0548,
        ]

    @Test(arguments: instructionSets) func activations(_ set: Int) throws {
        let k = try kernels(set)
        for kind in Self.kinds {
            let x = Self.points
            var y = [Float](repeating: 0, count: x.count) + canary
            k.activate(kind, &y, x, x.count)
            expectClose(
                y.prefix(x.count), x.map { Self.activation(kind, Double($0)) }, 2e-6, "activation \(kind) of \(x.count)"
            )
            #expect(Array(y.suffix(16)) == canary)

            let dy = normals(x.count, 1)
            let start = normals(x.count, 2)
            let d = zip(dy, x).map { Double($0) * Self.slope(kind, Double($1)) }
            for accumulate in [false, true] {
                var dx = start + canary
                k.activate_backward(kind, &dx, dy, x, x.count, accumulate)
                let expected = zip(d, start).map { $0 + (accumulate ? Double($1) : 0) }
                expectClose(dx.prefix(x.count), expected, 1e-5, "slope \(kind), accumulate \(accumulate)")
                #expect(Array(dx.suffix(16)) == canary)
            }
            // the same element whatever stands beside it
            for n in Self.widths {
                var short = [Float](repeating: 0, count: n) + canary
                k.activate(kind, &short, x, n)
                #expect(Array(short.prefix(n)) == Array(y.prefix(n)) && Array(short.suffix(16)) == canary)
            }
        }
    }

    /// A run that has diverged must show, not go on with finite numbers.
    @Test(arguments: instructionSets) func notANumberStays(_ set: Int) throws {
        let k = try kernels(set)
        for kind in Self.kinds {
            var y: [Float] = [0, 0, 0]
            k.activate(kind, &y, [1, .nan, 2], 3)
            #expect(y[1].isNaN && y[0].isFinite && y[2].isFinite, "activation \(kind)")
        }
        var row: [Float] = [1, .nan, 2]
        k.softmax(&row, 3)
        #expect(row.contains { $0.isNaN })
    }

    @Test(arguments: instructionSets) func normalization(_ set: Int) throws {
        let k = try kernels(set)
        for width in Self.widths {
            let (rows, epsilon) = (3, 1e-5)
            let x = normals(rows * width, 1, deviation: 2).map { $0 + 3 }
            let (gamma, beta, dy) = (normals(width, 2), normals(width, 3), normals(rows * width, 4))
            func reference(_ x: [Double], _ r: Int) -> (y: [Double], hat: [Double], mean: Double, rstd: Double) {
                let row = x[r * width..<(r + 1) * width]
                let mean = row.reduce(0, +) / Double(width)
                let rstd = 1 / (row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width) + epsilon).squareRoot()
                let hat = row.map { ($0 - mean) * rstd }
                return (hat.enumerated().map { Double(gamma[$0]) * $1 + Double(beta[$0]) }, hat, mean, rstd)
            }
            let wide = x.map(Double.init)
            let all = (0..<rows).map { reference(wide, $0) }
            var (y, stats) = ([Float](repeating: 0, count: x.count) + canary, [Float](repeating: 0, count: 2 * rows))
            k.normalize(&y, &stats, x, gamma, beta, rows, width, Float(epsilon))
            expectClose(y.prefix(x.count), all.flatMap(\.y), 1e-4, "normalize \(width)")
            #expect(Array(y.suffix(16)) == canary)
            // width 1: rstd is 1/√ε, nothing is left of the row
            guard width > 1 else { continue }
            expectClose(stats, all.flatMap { [$0.mean, $0.rstd] }, 1e-5, "statistics \(width)")

            let slope = slopes(wide) { x in
                (0..<rows).reduce(0) { sum, r in
                    sum + reference(x, r).y.enumerated().reduce(0) { $0 + $1.1 * Double(dy[r * width + $1.0]) }
                }
            }
            for accumulate in [false, true] {
                let start = normals(x.count, 5)
                var dx = start + canary
                k.normalize_backward(&dx, dy, x, stats, gamma, rows, width, accumulate)
                expectClose(
                    dx.prefix(x.count), zip(slope, start).map { $0 + (accumulate ? Double($1) : 0) }, 1e-4,
                    "normalize_backward \(width)")
                #expect(Array(dx.suffix(16)) == canary)
            }
            let hat = all.flatMap(\.hat)
            var (dgamma, dbeta) = (
                [Float](repeating: 1, count: width) + canary, [Float](repeating: 2, count: width) + canary
            )
            k.normalize_parameters(&dgamma, &dbeta, dy, x, stats, rows, width)
            let sums = (0..<width).map { c in
                (0..<rows).reduce((1.0, 2.0)) {
                    ($0.0 + Double(dy[$1 * width + c]) * hat[$1 * width + c], $0.1 + Double(dy[$1 * width + c]))
                }
            }
            expectClose(dgamma.prefix(width), sums.map(\.0), 1e-5, "dgamma \(width)")
            expectClose(dbeta.prefix(width), sums.map(\.1), 1e-5, "dbeta \(width)")
            #expect(Array(dgamma.suffix(16)) == canary && Array(dbeta.suffix(16)) == canary)
            let both = dgamma
            dgamma = [Float](repeating: 1, count: width) + canary
            k.normalize_parameters(&dgamma, nil, dy, x, stats, rows, width)
            #expect(dgamma == both)
            k.normalize_parameters(nil, &dbeta, dy, x, stats, rows, width)
        }
    }

    @Test(arguments: instructionSets) func rowsAndSums(_ set: Int) throws {
        let k = try kernels(set)
        for width in Self.widths {
            let rows = 3
            let (x, other, start) = (normals(rows * width, 1), normals(rows * width, 2), normals(rows * width, 3))
            let vector = normals(width, 4)
            for accumulate in [false, true] {
                let base = start.map { accumulate ? Double($0) : 0 }
                var y = start + canary
                k.add(&y, x, x.count, 0.3, accumulate)
                expectClose(y, x.indices.map { base[$0] + 0.3 * Double(x[$0]) } + canary.map(Double.init), 1e-6, "add")
                y = start + canary
                k.multiply_rows(&y, x, vector, rows, width, accumulate)
                expectClose(
                    y,
                    x.indices.map { base[$0] + Double(x[$0]) * Double(vector[$0 % width]) } + canary.map(Double.init),
                    1e-6, "multiply_rows")
            }
            for (bias, source) in [(true, false), (false, true), (true, true)] {
                var y = start + canary
                vector.withUnsafeBufferPointer { v in
                    x.withUnsafeBufferPointer { s in
                        k.fill_rows(&y, bias ? v.baseAddress : nil, source ? s.baseAddress : nil, rows, width)
                    }
                }
                let expected = x.indices.map { (bias ? Double(vector[$0 % width]) : 0) + (source ? Double(x[$0]) : 0) }
                expectClose(y, expected + canary.map(Double.init), 1e-6, "fill_rows \(bias) \(source)")
            }
            for weighted in [false, true] {
                var sums = vector + canary
                other.withUnsafeBufferPointer { k.column_sums(&sums, x, weighted ? $0.baseAddress : nil, rows, width) }
                let expected = (0..<width).map { c in
                    (0..<rows).reduce(Double(vector[c])) {
                        $0 + Double(x[$1 * width + c]) * (weighted ? Double(other[$1 * width + c]) : 1)
                    }
                }
                expectClose(sums, expected + canary.map(Double.init), 1e-6, "column_sums \(weighted)")
            }
            let squares = x.reduce(0) { $0 + Double($1) * Double($1) }
            #expect(abs(k.sum_of_squares(x, x.count) - squares) <= 1e-12 * squares)
        }
    }

    @Test(arguments: instructionSets) func softmax(_ set: Int) throws {
        let k = try kernels(set)
        for n in Self.widths {
            for deviation: Float in [0, 1, 10, 1e4] {
                let x = normals(n, 1, deviation: deviation)
                let top = Double(x.max() ?? 0)
                let e = x.map { exp(Double($0) - top) }
                var y = x + canary
                k.softmax(&y, n)
                let sum = e.reduce(0, +)
                expectClose(
                    y, e.map { $0 / sum } + canary.map(Double.init), 1e-6, "softmax \(n), deviation \(deviation)")
            }
        }
    }

    /// AdamW (Loshchilov & Hutter 2019, algorithm 2) in double.
    @Test(arguments: instructionSets) func adamw(_ set: Int) throws {
        let k = try kernels(set)
        for n in Self.widths {
            let (rate, beta1, beta2, epsilon, decay, clip) = (0.01, 0.9, 0.999, 1e-8, 0.1, 0.5)
            var p = normals(n, 1) + canary
            var (m, v) = ([Float](repeating: 0, count: n) + canary, [Float](repeating: 0, count: n) + canary)
            var (rp, rm, rv) = (
                p.prefix(n).map(Double.init), [Double](repeating: 0, count: n), [Double](repeating: 0, count: n)
            )
            for step in 1...5 {
                let g = normals(n, UInt64(10 + step))
                let (c1, c2) = (1 - pow(beta1, Double(step)), 1 - pow(beta2, Double(step)))
                k.adamw(
                    &p, g, &m, &v, n, Float(clip), Float(rate), Float(beta1), Float(beta2), Float(epsilon),
                    Float(decay),
                    Float(c1), Float(c2))
                for i in 0..<n {
                    let gi = Double(g[i]) * clip
                    rm[i] = beta1 * rm[i] + (1 - beta1) * gi
                    rv[i] = beta2 * rv[i] + (1 - beta2) * gi * gi
                    rp[i] -= rate * (rm[i] / c1 / ((rv[i] / c2).squareRoot() + epsilon) + decay * rp[i])
                }
            }
            expectClose(p, rp + canary.map(Double.init), 2e-6, "p")
            expectClose(m, rm + canary.map(Double.init), 1e-6, "m")
            expectClose(v, rv + canary.map(Double.init), 1e-6, "v")
        }
    }
}
