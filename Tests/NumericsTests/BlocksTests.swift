import CKernels
import Testing

@testable import Numerics

/// Matrices in few bits: what products read is what is unpacked, and their sums are those of the unpacked matrix, bit for bit.
@Suite struct BlocksTests {
    private final class Bytes: Sendable {
        let all: [UInt8]
        init(_ all: [UInt8]) { self.all = all }
    }

    /// Random blocks with finite scales.
    static func matrix(_ format: Blocks.Format, rows: Int, columns: Int, head: Int? = nil) -> Blocks {
        if format == .nf4 { return NF4.blocks(of: Weight(normals(rows * columns, 9), shape: [rows, columns])) }
        let block = format.block
        let count = rows * columns / block.elements * block.bytes
        let key = Randomness.key(7, UInt64(rows))
        var bytes = (0..<count).map { UInt8(truncatingIfNeeded: Int(Randomness.uniform(key, $0) * 65536)) }
        let halves: [Int] =
            switch format {
            case .float16, .bfloat16, .q80, .q40, .q50, .nf4: [1]
            case .q41, .q51, .q4K: [1, 3]
            case .q6K: [209]
            }
        for start in stride(from: 0, to: count, by: block.bytes) {
            // An exponent in the middle; bfloat16 has it in other bits, which this leaves finite, too
            for half in halves { bytes[start + half] = bytes[start + half] & 0x83 | 0x28 }
        }
        let owner = Bytes(bytes)
        return owner.all.withUnsafeBytes {
            Blocks(format, copied($0), rows: rows, columns: columns, head: head, owner: owner)
        }
    }

    /// Memory of the test's own, never freed: a matrix keeps its owner, whose array may move.
    private static func copied(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        copy.copyMemory(from: bytes)
        return UnsafeRawBufferPointer(copy)
    }

    /// Heads of 16 rows where they fit; rows that are no whole panel, and few columns.
    static func shapes(_ format: Blocks.Format) -> [(rows: Int, columns: Int, head: Int?)] {
        let unit = format.block.elements
        let usual = [(64, 256, format == .nf4 ? nil : 16 as Int?), (50, 256, nil), (1, 512, nil), (1057, 256, nil)]
        switch unit {
        case 256: return usual
        case 1: return usual + [(33, 7, nil), (20, 45, nil)]
        case 64: return usual + [(33, 7, nil), (20, 48, nil), (12, 45, nil)]
        default: return usual + [(48, 96, nil), (17, 32, nil)]
        }
    }

    @Test(arguments: Blocks.Format.allCases) func everyInstructionSetUnpacksTheSame(_ format: Blocks.Format) throws {
        for (rows, columns, head) in Self.shapes(format) {
            let blocks = Self.matrix(format, rows: rows, columns: columns, head: head)
            let expected = Weight(blocks).values
            #expect(expected.allSatisfy(\.isFinite) && Set(expected).count > 4)
            for set in instructionSets {
                let kernels = try kernels(set)
                var values = [Float](repeating: 0, count: rows * columns) + canary
                withUnsafePointer(to: blocks.c) { kernels.unpack_rows(&values, $0, 0, rows) }
                #expect(values == expected + canary, "\(format) [\(rows), \(columns)]")
                let panel = kernels.block_panel
                for transposed in [true, false] {
                    let (outer, inner) = transposed ? (rows, columns) : (columns, rows)
                    let first = inner > 16 ? 16 : 0
                    for index in 0..<(outer + panel - 1) / panel {
                        var tile = [Float](repeating: 5, count: (inner - first) * panel) + canary
                        withUnsafePointer(to: blocks.c) {
                            kernels.unpack_panel(&tile, $0, index, first, inner, transposed)
                        }
                        let wanted = (first..<inner).flatMap { k in
                            (index * panel..<(index + 1) * panel).map { n -> Float in
                                n >= outer ? 0 : transposed ? expected[n * columns + k] : expected[k * columns + n]
                            }
                        }
                        #expect(tile == wanted + canary, "\(format) [\(rows), \(columns)] panel \(index) \(transposed)")
                    }
                }
            }
        }
    }

    /// As with the unpacked matrix, for any number of rows, any cut of the columns, both directions and precisions.
    @Test(arguments: Blocks.Format.allCases) func productsAreThoseOfFloats(_ format: Blocks.Format) throws {
        try Products.load()
        for (rows, columns, head) in Self.shapes(format) {
            let quantized = Weight(Self.matrix(format, rows: rows, columns: columns, head: head))
            let floats = Weight(quantized.values, shape: quantized.shape)
            for (transposed, precision, m) in [
                (true, Precision.float32, 1), (false, .float32, 1), (true, .float32, 37), (false, .float32, 37),
                (true, .bfloat16, 5), (false, .bfloat16, 37),
            ] {
                let (n, k) = transposed ? (rows, columns) : (columns, rows)
                let (a, bias, residual) = (normals(m * k, 1), normals(n, 2), normals(m * n, 3))
                func product(_ weight: Weight, shares: Int) -> [Float] {
                    let side = Operand.frozen(weight).side(transposed: transposed, precision: precision)
                    #expect((side.blocks != nil) == (weight === quantized))
                    let c = AlignedBuffer(count: m * n)
                    let scratch = GrowingBuffer()
                    for (i, x) in residual.enumerated() { c.floats[i] = x }
                    a.withUnsafeBufferPointer { a in
                        bias.withUnsafeBufferPointer { bias in
                            guard let base = a.baseAddress else { return }
                            for share in 0..<shares {
                                Products.multiply(
                                    base, rows: m, side,
                                    columns: shares == 1 ? nil : side.columns(of: n, (share, shares)),
                                    into: c.floats, scale: 0.5, bias: bias.baseAddress,
                                    residual: UnsafePointer(c.floats), scratch: scratch.reserve)
                            }
                        }
                    }
                    return (0..<m * n).map { c.floats[$0] }
                }
                let (own, theirs) = (product(quantized, shares: 1), product(floats, shares: 1))
                let comment = "\(format) [\(rows), \(columns)] \(transposed) \(precision) \(m)"
                if Products.usesLibrary {
                    expectClose(own, theirs.map(Double.init), 1e-4 * Double(k).squareRoot(), comment)
                } else {
                    #expect(own == theirs, "\(comment)")
                    #expect(product(quantized, shares: 3) == own, "\(comment), in shares")
                }
            }
        }
    }

    /// Word embeddings by rows, and some of them as a table; the whole as a start of training.
    @Test func rows() throws {
        let quantized = Weight(Self.matrix(.q80, rows: 50, columns: 96))
        let floats = Weight(quantized.values, shape: quantized.shape)
        #expect(quantized.byteCount == 50 * 3 * 34 && floats.byteCount == 50 * 96 * 4)
        let ids: [Int32] = [3, 0, 49, 3]
        func embedded(_ words: Weight) -> [Float] {
            let builder = PlanBuilder()
            let x = builder.append(
                Embedding(words: .frozen(words), positions: .frozen(floats), types: nil, in: builder))
            let plan = Plan(builder, outputs: [x], trains: false)
            let batch = PackedBatch([(ids, ids.map { _ in 0 }, SequenceRow(example: 0))])
            let workspace = Workspace(threads: 1)
            return Array(plan.run(batch, workspace: workspace).values(x))
        }
        #expect(embedded(quantized) == embedded(floats))
        #expect(
            MaskedCrossEntropy.TokenTable([7, 2], of: quantized).weight.values
                == Array(floats.values[192..<288]) + Array(floats.values[672..<768]))
        let start = try ParameterBuffer([ParameterSpec("w", [50, 96], .copy(quantized))], seed: 0)
        #expect(start["w"]?.array == floats.values)
    }
}
