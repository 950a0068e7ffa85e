import CKernels

/// A frozen matrix [rows, columns] in few bits, row after row: single numbers of half the width, or blocks of numbers that share a
/// scale. Products read it as it is; nothing unpacks more of it at a time than a tile, or rows that are asked for.
package final class Blocks: @unchecked Sendable {  // read-only after init
    /// How elements lie: as in GGUF, or as bitsandbytes has NF4 with doubly quantized scales.
    package enum Format: String, CaseIterable, Sendable {
        case float16 = "F16"
        case bfloat16 = "BF16"
        case q80 = "Q8_0"
        case q40 = "Q4_0"
        case q41 = "Q4_1"
        case q50 = "Q5_0"
        case q51 = "Q5_1"
        case q4K = "Q4_K"
        case q6K = "Q6_K"
        case nf4 = "NF4"

        var code: Int32 {
            switch self {
            case .float16: AMALGAM_F16
            case .bfloat16: AMALGAM_BF16
            case .q80: AMALGAM_Q8_0
            case .q40: AMALGAM_Q4_0
            case .q41: AMALGAM_Q4_1
            case .q50: AMALGAM_Q5_0
            case .q51: AMALGAM_Q5_1
            case .q4K: AMALGAM_Q4_K
            case .q6K: AMALGAM_Q6_K
            case .nf4: AMALGAM_NF4
            }
        }

        /// Elements and bytes of a block. Of NF4, what lies beside the scales.
        package var block: (elements: Int, bytes: Int) {
            switch self {
            case .float16, .bfloat16: (1, 2)
            case .q80: (32, 34)
            case .q40: (32, 18)
            case .q41: (32, 20)
            case .q50: (32, 22)
            case .q51: (32, 24)
            case .q4K: (256, 144)
            case .q6K: (256, 210)
            case .nf4: (64, 32)
            }
        }
    }

    package let format: Format
    package let rows: Int
    package let columns: Int
    /// Bytes of the matrix, with all scales.
    package let byteCount: Int
    let c: amalgam_blocks
    private let owner: AnyObject

    /// Blocks as they lie in a file.
    /// - Parameters:
    ///   - bytes: the rows, one after the other, each of whole blocks; valid while `owner` lives.
    ///   - head: rows of a head whose halves stand in pairs, as llama.cpp stores queries and keys; nil: rows in their order.
    package init(
        _ format: Format, _ bytes: UnsafeRawBufferPointer, rows: Int, columns: Int, head: Int? = nil, owner: AnyObject
    ) {
        let block = format.block
        precondition(format != .nf4 && columns > 0 && columns % block.elements == 0, "rows of whole blocks")
        let rowBytes = columns / block.elements * block.bytes
        precondition(
            bytes.count == rows * rowBytes, "\(bytes.count) bytes for [\(rows), \(columns)] in \(format.rawValue)")
        if let head { precondition(head > 0 && head % 2 == 0 && rows % head == 0, "heads of \(head) in \(rows) rows") }
        self.format = format
        self.rows = rows
        self.columns = columns
        self.owner = owner
        byteCount = bytes.count
        c = amalgam_blocks(
            format: format.code, blocks: bytes.bindMemory(to: UInt8.self).baseAddress, rows: rows, columns: columns,
            row_bytes: rowBytes, head: head ?? 0, scales: nil, scale_factors: nil, scale_map: nil, scale_offset: 0)
    }

    init(_ c: amalgam_blocks, _ format: Format, byteCount: Int, owner: AnyObject) {
        (self.c, self.format, self.byteCount, self.owner) = (c, format, byteCount, owner)
        (rows, columns) = (c.rows, c.columns)
    }

    /// Where the matrix lies: two of one place are equal.
    var address: UnsafeRawPointer? { UnsafeRawPointer(c.blocks) }

    /// Unpacks some rows, [range, columns].
    package func copy(rows range: Range<Int>, to floats: UnsafeMutablePointer<Float>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of \(rows)")
        withUnsafePointer(to: c) { Products.kernels.pointee.unpack_rows(floats, $0, range.lowerBound, range.count) }
    }

    /// Some rows as a matrix of its own, where they lie.
    func some(_ range: Range<Int>) -> Blocks {
        precondition(format != .nf4 && c.head == 0, "rows \(range) of a matrix whose rows are not cut")
        var part = c
        part.blocks += range.lowerBound * c.row_bytes
        part.rows = range.count
        return Blocks(part, format, byteCount: range.count * c.row_bytes, owner: self)
    }
}

extension Products {
    /// As `multiply`, columns of whole panels of a right side in blocks.
    static func multiply(
        _ product: inout amalgam_product, _ blocks: Blocks, transposed: Bool, first: Int, inPairs: Bool,
        scratch: (Int) -> UnsafeMutablePointer<Float>
    ) {
        let (m, k) = (product.m, product.k)
        let chunk = Int(AMALGAM_BLOCK_CHUNK)
        let panel = kernels.pointee.block_panel
        withUnsafePointer(to: blocks.c) { c in
            if inPairs, let bfloat16 {
                let pairs = (k + 1) / 2
                let room = scratch(m * pairs + pairs * panel + chunk * panel)
                let tile = room + (m + panel) * pairs
                room.withMemoryRebound(to: UInt32.self, capacity: (m + panel) * pairs) { narrow in
                    bfloat16.pointee.narrow(narrow, product.a, m, k)
                    let right = narrow + m * pairs
                    eachPanel(product, panel, first) { part, index in
                        for start in stride(from: 0, to: k, by: chunk) {
                            let end = min(k, start + chunk)
                            kernels.pointee.unpack_panel(tile, c, index, start, end, transposed)
                            bfloat16.pointee.narrow_tile(right + start / 2 * panel, tile, end - start)
                        }
                        bfloat16.pointee.multiply(&part, narrow, right)
                    }
                }
            } else if !usesLibrary, let multiply = kernels.pointee.multiply_blocks {
                multiply(&product, c, transposed, first / panel, scratch((chunk + m) * panel))
            } else {
                // The library has no sums that go on: all of a panel at once
                let tile = scratch(k * panel + product.n)
                let bias = tile + k * panel
                if let own = product.bias { kernels.pointee.add(bias, own, product.n, product.scale, false) }
                eachPanel(product, panel, first) { part, index in
                    guard let to = part.c else { return }
                    kernels.pointee.unpack_panel(tile, c, index, 0, k, transposed)
                    let width = min(panel, part.n)
                    let column = index * panel - first
                    for row in 0..<m {
                        let target = to + row * part.c_stride
                        for i in 0..<width {
                            let start = product.bias == nil ? 0 : bias[column + i]
                            target[i] = start + (part.residual.map { $0[row * part.c_stride + i] } ?? 0)
                        }
                    }
                    guard let a = part.a else { return }
                    BLAS.multiply(
                        a, strideA: part.a_stride, tile, strideB: panel, into: to, strideC: part.c_stride, m: m,
                        n: width, k: k, alpha: part.scale, beta: 1)
                }
            }
        }
    }

    /// Calls `body` with the product of each panel, and the panel's index in the right side.
    private static func eachPanel(
        _ product: amalgam_product, _ panel: Int, _ first: Int, _ body: (inout amalgam_product, Int) -> Void
    ) {
        for column in stride(from: 0, to: product.n, by: panel) {
            var part = product
            part.c = product.c.map { $0 + column }
            part.bias = product.bias.map { $0 + column }
            part.residual = product.residual.map { $0 + column }
            part.n = min(panel, product.n - column)
            body(&part, (first + column) / panel)
        }
    }
}
