import CKernels

/// NF4 with doubly quantized scales (Dettmers et al. 2023, QLoRA, section 3), as bitsandbytes makes it on a processor.
///
/// Blocks of 64 neighbours, from row to row, share a scale, their largest magnitude; an element becomes the nearest of sixteen
/// quantiles of a normal distribution times the scale. The scales themselves, less their mean, become bytes: indices in a map
/// of 256 numbers, times the largest magnitude of each 256 scales. That takes half a byte an element, and 1/64 + 1/4096.
package enum NF4 {
    static let block = 64
    static let scales = 256

    /// The values that an element takes, before its scale; as in the kernels.
    package static let values: [Float] = [
        -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
        -0.09105003625154495, 0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
        0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1,
    ]

    /// The numbers that a scale takes, ascending: in each decade from 10⁻⁶ on twice as many means of neighbours in .1 … 1, of both
    /// signs; 0 and 1 (bitsandbytes' dynamic map of 8 bits).
    package static let map: [Float] = {
        var map: [Float] = [0, 1]
        for exponent in 0..<7 {
            let parts = 1 << exponent
            let (start, end) = (Float(0.1), Float(1))
            let step = (end - start) / Float(parts)
            // From both ends, with one rounding each, as torch.linspace
            let ends = (0...parts).map { i -> Float in
                i < (parts + 1) / 2
                    ? Float(Double(start) + Double(step) * Double(i))
                    : Float(Double(end) - Double(step) * Double(parts - i))
            }
            let decade = Float([1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1][exponent])
            for (a, b) in zip(ends, ends.dropFirst()) { map += [decade * ((a + b) / 2), -decade * ((a + b) / 2)] }
        }
        return map.sorted()
    }()

    /// The number between each two neighbours from which on the upper one is nearer.
    private static func middles(_ values: [Float]) -> [Float] { zip(values, values.dropFirst()).map { ($0 + $1) / 2 } }
    private static let borders = middles(values)

    /// The index in the map of each number in −1 … 1 in steps of 2/65535: numbers are rounded to them first, as bitsandbytes does.
    private static let nearest: [UInt8] = {
        let borders = middles(map)
        return (0..<65536).map { i in
            let x = Float(i) / 65535 * 2 - 1
            return UInt8(borders.count(where: { $0 < x }))
        }
    }()

    private final class Memory {
        let codes: UnsafeMutableBufferPointer<UInt8>
        let scales: UnsafeMutableBufferPointer<UInt8>
        let factors: UnsafeMutableBufferPointer<Float>
        let map: UnsafeMutableBufferPointer<Float>

        init(elements: Int) {
            let blocks = (elements + NF4.block - 1) / NF4.block
            codes = .allocate(capacity: (elements + 1) / 2)
            codes.initialize(repeating: 0)
            scales = .allocate(capacity: blocks)
            scales.initialize(repeating: 0)
            factors = .allocate(capacity: (blocks + NF4.scales - 1) / NF4.scales)
            factors.initialize(repeating: 0)
            map = .allocate(capacity: NF4.map.count)
            _ = map.initialize(from: NF4.map)
        }

        deinit {
            codes.deallocate()
            scales.deallocate()
            factors.deallocate()
            map.deallocate()
        }

        var byteCount: Int { codes.count + scales.count + 4 * (factors.count + map.count) }
    }

    /// A matrix in NF4, made from its finite numbers.
    /// - Parameter afterReading: called whenever some rows were read, so that a file's pages can go.
    package static func blocks(of weight: Weight, afterReading: () -> Void = {}) -> Blocks {
        precondition(weight.shape.count == 2 && weight.count > 0, "NF4 of a tensor \(weight.shape)")
        let (rows, columns) = (weight.shape[0], weight.shape[1])
        let memory = Memory(elements: weight.count)
        var largest = [Float](repeating: 0, count: memory.scales.count)
        // So many rows are whole blocks, whatever their width
        let piece = max(1, (1 << 18) / (columns * block)) * block
        let room = AlignedBuffer(count: min(piece, rows) * columns)
        for first in stride(from: 0, to: rows, by: piece) {
            let some = first..<min(rows, first + piece)
            weight.copy(rows: some, to: room.floats)
            quantize(
                UnsafeBufferPointer(start: room.floats, count: some.count * columns), first: first * columns, memory,
                &largest)
            afterReading()
        }
        let mean = Float(largest.reduce(0) { $0 + Double($1) } / Double(largest.count))
        for first in stride(from: 0, to: largest.count, by: scales) {
            let own = largest[first..<min(largest.count, first + scales)].map { $0 - mean }
            let factor = own.reduce(0) { max($0, $1.magnitude) }
            memory.factors[first / scales] = factor
            for (i, scale) in own.enumerated() {
                let x = factor > 0 ? scale / factor : 0
                memory.scales[first + i] = nearest[min(65535, max(0, Int((x + 1) * 0.5 * 65535 + 0.5)))]
            }
        }
        let c = amalgam_blocks(
            format: Blocks.Format.nf4.code, blocks: memory.codes.baseAddress, rows: rows, columns: columns,
            row_bytes: 0, head: 0, scales: memory.scales.baseAddress, scale_factors: memory.factors.baseAddress,
            scale_map: memory.map.baseAddress, scale_offset: mean)
        return Blocks(c, .nf4, byteCount: memory.byteCount, owner: memory)
    }

    /// The codes of whole blocks (the matrix's last may be shorter), and their largest magnitudes.
    private static func quantize(
        _ x: UnsafeBufferPointer<Float>, first: Int, _ memory: Memory, _ largest: inout [Float]
    ) {
        borders.withUnsafeBufferPointer { borders in
            for start in stride(from: 0, to: x.count, by: block) {
                let end = min(x.count, start + block)
                var top: Float = 0
                for i in start..<end { top = max(top, x[i].magnitude) }
                largest[(first + start) / block] = top
                let inverse = 1 / max(top, 1e-38)
                for i in start..<end {
                    let scaled = min(1, max(-1, end - start == block ? x[i] * inverse : x[i] / max(top, 1e-38)))
                    var code: UInt8 = 0
                    for border in borders { code += scaled > border ? 1 : 0 }
                    // The first of two is in the upper half
                    let element = first + i
                    memory.codes[element / 2] |= element % 2 == 0 ? code << 4 : code
                }
            }
        }
    }

    /// What a matrix in NF4 is made of, for tests.
    package static func parts(_ blocks: Blocks) -> (codes: [UInt8], scales: [UInt8], factors: [Float], offset: Float) {
        precondition(blocks.format == .nf4, "\(blocks.format.rawValue) is not NF4")
        let elements = blocks.rows * blocks.columns
        let count = (elements + block - 1) / block
        return withExtendedLifetime(blocks) {
            (
                Array(UnsafeBufferPointer(start: blocks.c.blocks, count: (elements + 1) / 2)),
                Array(UnsafeBufferPointer(start: blocks.c.scales, count: count)),
                Array(UnsafeBufferPointer(start: blocks.c.scale_factors, count: (count + scales - 1) / scales)),
                blocks.c.scale_offset
            )
        }
    }
}
