import CKernels
import Testing

@testable import Numerics

/// The one judge of all products: sums in double.
private func product(_ a: [Float], _ b: [Float], m: Int, n: Int, k: Int, ta: Bool, tb: Bool) -> [Double] {
    var c = [Double](repeating: 0, count: m * n)
    for i in 0..<m {
        for j in 0..<n {
            for t in 0..<k {
                c[i * n + j] += Double(a[ta ? t * m + i : i * k + t]) * Double(b[tb ? j * k + t : t * n + j])
            }
        }
    }
    return c
}

private func buffer(_ values: [Float]) -> AlignedBuffer {
    let buffer = AlignedBuffer(count: values.count)
    for (i, x) in values.enumerated() { buffer.floats[i] = x }
    return buffer
}

/// Rounded to bfloat16, nearest even.
private func narrowed(_ x: Float) -> Float {
    let bits = x.bitPattern
    return Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000)
}

struct ProductTests {
    /// Whole tiles and all remainders of rows and columns, one of everything, more rows than a cache block holds.
    static let shapes: [(m: Int, n: Int, k: Int)] =
        (1...15).map { ($0, 47, 33) } + (1...33).map { (5, $0, 17) }
        + [(1, 1, 1), (3, 17, 5), (33, 1, 17), (17, 33, 384), (29, 64, 1), (1100, 40, 96), (90, 32, 1536)]

    @Test func kernelsOfEveryInstructionSet() throws {
        var sets = 0
        for index in 0... {
            guard let kernels = amalgam_kernels_at(Int32(index)) else { break }
            guard let multiply = kernels.pointee.multiply, let pack = kernels.pointee.pack else { continue }
            sets += 1
            let panel = kernels.pointee.panel
            for (m, n, k) in Self.shapes {
                let (a, b) = (normals(m * k, 1), normals(n * k, 2))
                let (bias, residual) = (normals(n, 3), normals(m * n, 4))
                for (ta, packs, full) in [(false, true, true), (false, false, false), (true, false, true)] {
                    let panels = (n + panel - 1) / panel
                    // packed: b is [n, k] and used transposed; plain: [k, n]
                    let right = packs ? AlignedBuffer(count: panels * panel * k) : buffer(b)
                    if packs { pack(right.floats, b, n, k, 0, panels) }
                    let c = buffer(residual)
                    bias.withUnsafeBufferPointer { bias in
                        a.withUnsafeBufferPointer { a in
                            var p = amalgam_product(
                                c: c.floats, a: a.baseAddress, b: right.floats, bias: full ? bias.baseAddress : nil,
                                residual: full ? UnsafePointer(c.floats) : nil, m: m, n: n, k: k, c_stride: n,
                                a_stride: ta ? m : k, b_stride: packs ? panel : n,
                                b_panel: packs ? panel * k : panel, scale: 0.5, transposes_a: ta, start: nil)
                            multiply(&p)
                        }
                    }
                    let sums = product(a, b, m: m, n: n, k: k, ta: ta, tb: packs)
                    let expected = sums.indices.map { i in
                        0.5 * (sums[i] + (full ? Double(bias[i % n]) : 0)) + (full ? Double(residual[i]) : 0)
                    }
                    expectClose(
                        (0..<m * n).map { c.floats[$0] }, expected, 1e-5 * Double(k).squareRoot(),
                        "\(String(cString: kernels.pointee.name)) \(m) × \(n) × \(k)")
                    for i in m * n..<m * n + AlignedBuffer.margin { #expect(c.floats[i] == 0, "written past the end") }
                }
            }
        }
        #expect(sets > 0 || Products.usesLibrary)
    }

    @Test(.enabled(if: amalgam_kernels_bf16() != nil, "this processor has no bfloat16 products"))
    func bfloat16Products() throws {
        guard let kernels = amalgam_kernels_bf16() else { return }
        let panel = kernels.pointee.panel
        for (m, n, k) in Self.shapes {
            let (a, b) = (normals(m * k, 1), normals(n * k, 2))
            let (bias, residual) = (normals(n, 3), normals(m * n, 4))
            let half = (k + 1) / 2
            for transposed in [false, true] {
                let packed = AlignedBuffer(count: (n + panel - 1) / panel * panel * half)
                let pairs = AlignedBuffer(count: m * half)
                let c = buffer(residual)
                let right = UnsafeMutableRawPointer(packed.floats).assumingMemoryBound(to: UInt32.self)
                let left = UnsafeMutableRawPointer(pairs.floats).assumingMemoryBound(to: UInt32.self)
                kernels.pointee.pack(right, b, n, k, transposed ? k : 1, transposed ? 1 : n)
                kernels.pointee.narrow(left, a, m, k)
                bias.withUnsafeBufferPointer { bias in
                    var p = amalgam_product(
                        c: c.floats, a: nil, b: nil, bias: bias.baseAddress, residual: UnsafePointer(c.floats), m: m,
                        n: n, k: k, c_stride: n, a_stride: k, b_stride: 0, b_panel: 0, scale: 0.5,
                        transposes_a: false, start: nil)
                    kernels.pointee.multiply(&p, left, right)
                }
                // Against the same rounded numbers the sums are as exact as float32's
                let sums = product(a.map(narrowed), b.map(narrowed), m: m, n: n, k: k, ta: false, tb: transposed)
                let expected = sums.indices.map { 0.5 * (sums[$0] + Double(bias[$0 % n])) + Double(residual[$0]) }
                expectClose(
                    (0..<m * n).map { c.floats[$0] }, expected, 1e-5 * Double(k).squareRoot(),
                    "bf16 \(m) × \(n) × \(k)")
            }
        }
    }

    /// A row's result does not depend on the rows beside it: what makes slices and threads invisible.
    @Test func rowsDoNotSeeTheirCut() throws {
        try Products.load()
        let (m, n, k) = (101, 384, 384)
        let (a, b) = (normals(m * k, 1), normals(n * k, 2))
        let right = buffer(b)
        for precision in Precision.allCases {
            let side = RightSide(
                UnsafePointer(right.floats), rows: n, columns: k, transposed: true, inPlace: true,
                precision: precision, owner: right)
            func rows(_ range: Range<Int>) -> [Float] {
                let c = AlignedBuffer(count: range.count * n)
                let scratch = GrowingBuffer()
                a.withUnsafeBufferPointer { a in
                    guard let base = a.baseAddress else { return }
                    Products.multiply(
                        base + range.lowerBound * k, rows: range.count, side, into: c.floats, scratch: scratch.reserve)
                }
                return (0..<range.count * n).map { c.floats[$0] }
            }
            let whole = rows(0..<m)
            for cut in [1, 13, 14, 57] where !Products.usesLibrary {
                #expect(rows(0..<cut) + rows(cut..<m) == whole, "\(precision) cut at \(cut)")
            }
        }
    }

    @Test func libraryProductsOfEveryTransposition() throws {
        try BLAS.load()
        for (m, n, k) in [(1, 1, 1), (3, 17, 5), (33, 1, 17), (17, 33, 384)] {
            for (ta, tb) in [(false, false), (true, false), (false, true), (true, true)] {
                let (a, b, start) = (normals(m * k, 1), normals(k * n, 2), normals(m * n, 3))
                var c = start
                BLAS.multiply(
                    a, transposeA: ta, strideA: ta ? m : k, b, transposeB: tb, strideB: tb ? k : n, into: &c,
                    strideC: n,
                    m: m, n: n, k: k, alpha: 0.5, beta: 2)
                let sums = product(a, b, m: m, n: n, k: k, ta: ta, tb: tb)
                let expected = sums.indices.map { 2 * Double(start[$0]) + 0.5 * sums[$0] }
                expectClose(c, expected, 2e-5, "\(m) × \(n) × \(k), \(ta) \(tb)")
            }
        }
    }
}
