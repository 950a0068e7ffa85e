import CKernels
import Foundation

/// Which numbers the frozen right side of a product has. Sums, trainable tensors and gradients are always float32.
package enum Precision: String, CaseIterable, Sendable {
    case float32 = "fp32"
    case bfloat16 = "bf16"
}

/// Matrix products: our own kernels where the processor has fused multiply-adds, else OpenBLAS.
///
/// Each sum runs over k in its order, so neither the cut of the rows nor the number of threads changes a bit.
package enum Products {
    /// AMALGAM_PRODUCTS: `openblas`, or the name of an instruction set that the processor has, to compute as processors
    /// without a newer one do.
    private static let asked = ProcessInfo.processInfo.environment["AMALGAM_PRODUCTS"].flatMap { $0.isEmpty ? nil : $0 }

    // Constants of the C side
    private nonisolated(unsafe) static let available: [UnsafePointer<amalgam_kernels>] =
        (0..<8).compactMap { amalgam_kernels_at($0) }
    /// The kernels in use: the best that the processor has, unless others are asked for.
    package nonisolated(unsafe) static let kernels: UnsafePointer<amalgam_kernels> = {
        guard let best = available.last else { preconditionFailure("the portable kernels are always there") }
        return available.first { name($0) == asked } ?? best
    }()
    nonisolated(unsafe) static let bfloat16: UnsafePointer<amalgam_bf16_kernels>? =
        kernels == available.last ? amalgam_kernels_bf16() : nil

    private static func name(_ kernels: UnsafePointer<amalgam_kernels>) -> String {
        String(cString: kernels.pointee.name)
    }

    /// Whether OpenBLAS does the products: where we have no kernel for the processor, or where it is asked for.
    package static let usesLibrary: Bool = kernels.pointee.multiply == nil || asked == "openblas"

    /// Finds what the products need, once a process.
    /// - Throws: `NumericsError.blas` where OpenBLAS is needed and missing; `NumericsError.products` where
    ///   AMALGAM_PRODUCTS asks for something that is not on this machine.
    package static func load() throws(NumericsError) {
        let choices = ["openblas"] + available.filter { $0.pointee.multiply != nil }.map(name)
        if let asked, !choices.contains(asked) { throw .products(found: asked, expected: choices) }
        if usesLibrary { try BLAS.load() }
    }

    /// Whether this processor multiplies bfloat16.
    package static var hasBFloat16: Bool { bfloat16 != nil && !usesLibrary }

    /// What does the products, for logs and provenance.
    package static var description: String {
        usesLibrary ? BLAS.description : "amalgam \(name(kernels))"
    }

    /// The product of each row of x, [rows, width], with a row.
    package static func dots(_ row: [Float], _ x: [Float], rows: Int) -> [Float] {
        precondition(x.count == rows * row.count, "\(x.count) values for \(rows) rows of width \(row.count)")
        return [Float](unsafeUninitializedCapacity: rows) { dots, count in
            if let base = dots.baseAddress, rows > 0 { kernels.pointee.dot_rows(base, x, row, rows, row.count) }
            count = rows
        }
    }

    /// c [m, n] = scale · (a [m, k] · b + bias) + residual.
    /// - Parameters:
    ///   - columns: which of c are computed, whole panels of b; nil: all.
    ///   - residual: as c, may be c.
    ///   - scratch: gives room for so many floats; asked where a is narrowed first.
    @inline(__always)
    static func multiply(
        _ a: UnsafePointer<Float>, rows m: Int, _ b: RightSide, columns: Range<Int>? = nil,
        into c: UnsafeMutablePointer<Float>, scale: Float = 1, bias: UnsafePointer<Float>? = nil,
        residual: UnsafePointer<Float>? = nil, scratch: (Int) -> UnsafeMutablePointer<Float>
    ) {
        let (n, k) = (b.outer, b.inner)
        let columns = columns ?? 0..<n
        guard m > 0, !columns.isEmpty else { return }
        let first = columns.lowerBound
        var product = amalgam_product(
            c: c + first, a: a, b: b.pointer, bias: bias.map { $0 + first }, residual: residual.map { $0 + first },
            m: m,
            n: columns.count, k: k, c_stride: n, a_stride: k, b_stride: b.stride, b_panel: b.panelStride, scale: scale,
            transposes_a: false, start: nil)
        if let blocks = b.blocks {
            multiply(
                &product, blocks, transposed: b.transposed, first: first, inPairs: b.narrows, scratch: scratch)
        } else if let bfloat16, let packed = b.pairs {
            let pairs = (k + 1) / 2
            scratch(m * pairs).withMemoryRebound(to: UInt32.self, capacity: m * pairs) { narrow in
                bfloat16.pointee.narrow(narrow, a, m, k)
                bfloat16.pointee.multiply(&product, narrow, packed + first * pairs)
            }
        } else if !usesLibrary, let multiply = kernels.pointee.multiply {
            product.b += first / b.panel * b.panelStride
            multiply(&product)
        } else {
            precondition(columns.count == n, "the library multiplies all columns")
            guard let matrix = b.matrix else { preconditionFailure("a right side of nothing") }
            if let bias {
                let scaled = scratch(n)
                kernels.pointee.add(scaled, bias, n, scale, false)
                kernels.pointee.fill_rows(c, scaled, residual, m, n)
            } else if let residual, residual != UnsafePointer(c) {
                kernels.pointee.fill_rows(c, nil, residual, m, n)
            }
            BLAS.multiply(
                a, strideA: k, matrix, transposeB: b.transposed, strideB: b.columns, into: c, strideC: n, m: m, n: n,
                k: k, alpha: scale, beta: bias == nil && residual == nil ? 0 : 1)
        }
    }

    /// c [m, n] = scale · aᵀ b (+ c), a: m columns of [k, aWidth], b [k, n] readable for a panel past its end.
    static func multiplyTransposed(
        _ a: UnsafePointer<Float>, width aWidth: Int, columns m: Int, _ b: UnsafePointer<Float>, width n: Int,
        rows k: Int, into c: UnsafeMutablePointer<Float>, scale: Float, adds: Bool
    ) {
        if !usesLibrary, let multiply = kernels.pointee.multiply {
            var product = amalgam_product(
                c: c, a: a, b: b, bias: nil, residual: adds ? UnsafePointer(c) : nil, m: m, n: n, k: k, c_stride: n,
                a_stride: aWidth, b_stride: n, b_panel: kernels.pointee.panel, scale: scale, transposes_a: true,
                start: nil)
            multiply(&product)
        } else {
            BLAS.multiply(
                a, transposeA: true, strideA: aWidth, b, strideB: n, into: c, strideC: n, m: m, n: n, k: k,
                alpha: scale, beta: adds ? 1 : 0)
        }
    }
}

/// The right side b of products: a matrix W [rows, columns] or its transpose, in the form that the kernels read.
///
/// A frozen one is packed into panels, and so is a transposed one; a plain trainable one is read where it lies, since it
/// changes with each step. One in few bits stays as it is: each product unpacks tiles of it.
package final class RightSide: @unchecked Sendable {  // written by `refresh` alone, between runs
    /// nil: in blocks.
    let matrix: UnsafePointer<Float>?
    let blocks: Blocks?
    /// Whether a product of blocks is one of bfloat16.
    let narrows: Bool
    let rows: Int
    let columns: Int
    let transposed: Bool
    private let packed: AlignedBuffer?
    private let owner: AnyObject?
    /// In pairs of bfloat16; nil: float32.
    let pairs: UnsafePointer<UInt32>?

    var inner: Int { transposed ? columns : rows }
    var outer: Int { transposed ? rows : columns }
    var pointer: UnsafePointer<Float>? { packed.map { UnsafePointer($0.floats) } ?? matrix }
    /// Columns of a panel.
    let panel: Int
    var stride: Int { packed == nil ? columns : panel }
    var panelStride: Int { packed == nil ? panel : panel * inner }

    /// - Parameters:
    ///   - inPlace: whether a plain matrix may be read where it lies: then memory must be readable for a panel past it.
    ///   - owner: keeps the matrix alive.
    init(
        _ matrix: UnsafePointer<Float>, rows: Int, columns: Int, transposed: Bool, inPlace: Bool,
        precision: Precision = .float32, owner: AnyObject?
    ) {
        self.matrix = matrix
        (blocks, narrows) = (nil, false)
        self.rows = rows
        self.columns = columns
        self.transposed = transposed
        self.owner = owner
        let (n, k) = transposed ? (rows, columns) : (columns, rows)
        if precision == .bfloat16, Products.hasBFloat16, let kernels = Products.bfloat16 {
            panel = kernels.pointee.panel
            let count = (n + panel - 1) / panel * panel * ((k + 1) / 2)
            let buffer = AlignedBuffer(count: count, dense: true)
            let pairs = UnsafeMutableRawPointer(buffer.floats).assumingMemoryBound(to: UInt32.self)
            kernels.pointee.pack(pairs, matrix, n, k, transposed ? k : 1, transposed ? 1 : n)
            packed = buffer
            self.pairs = UnsafePointer(pairs)
            return
        }
        pairs = nil
        panel = max(Products.kernels.pointee.panel, 1)
        let needsPacking = !Products.usesLibrary && (transposed || !inPlace)
        packed = needsPacking ? AlignedBuffer(count: (n + panel - 1) / panel * panel * k, dense: true) : nil
        refresh(0..<panels)
    }

    init(_ blocks: Blocks, transposed: Bool, precision: Precision) {
        matrix = nil
        self.blocks = blocks
        narrows = precision == .bfloat16 && Products.hasBFloat16
        (rows, columns) = (blocks.rows, blocks.columns)
        self.transposed = transposed
        owner = nil
        panel = Products.kernels.pointee.block_panel
        (packed, pairs) = (nil, nil)
    }

    /// The columns, of so many, that belong to one of some shares of a product: whole panels.
    func columns(of width: Int, _ share: (index: Int, of: Int)) -> Range<Int> {
        let panels = (width + panel - 1) / panel
        func border(_ index: Int) -> Int { min(width, panels * index / share.of * panel) }
        return border(share.index)..<border(share.index + 1)
    }

    /// Panels to pack; 0 where the matrix is read where it lies.
    var panels: Int { packed == nil || pairs != nil ? 0 : (outer + panel - 1) / panel }

    /// Packs some panels anew, after the matrix has changed.
    func refresh(_ range: Range<Int>) {
        guard let packed, let matrix, pairs == nil else { return }
        if transposed, let pack = Products.kernels.pointee.pack {
            pack(packed.floats, matrix, rows, columns, range.lowerBound, range.upperBound)
        } else {
            for j in range {
                let width = min(panel, columns - j * panel)
                for row in 0..<rows {
                    (packed.floats + (j * rows + row) * panel).update(
                        from: matrix + row * columns + j * panel, count: width)
                }
            }
        }
    }
}

/// Right sides that were made already, by what they are views of.
final class RightSides: @unchecked Sendable {  // guarded by its lock
    private struct Key: Hashable {
        let address: Int
        let rows: Int
        let columns: Int
        let transposed: Bool
        let precision: Precision
    }
    private let lock = NSLock()
    private var known: [Key: RightSide] = [:]
    /// What the matrices lie in.
    private let owners: [AnyObject]

    /// - Parameter owners: live as long as these.
    init(keeping owners: [AnyObject] = []) { self.owners = owners }

    func side(
        _ matrix: UnsafePointer<Float>, rows: Int, columns: Int, transposed: Bool, inPlace: Bool, precision: Precision,
        owner: AnyObject?
    ) -> RightSide {
        let key = Key(
            address: Int(bitPattern: matrix), rows: rows, columns: columns, transposed: transposed,
            precision: precision)
        return side(key) {
            RightSide(
                matrix, rows: rows, columns: columns, transposed: transposed, inPlace: inPlace, precision: precision,
                owner: owner)
        }
    }

    func side(_ blocks: Blocks, transposed: Bool, precision: Precision) -> RightSide {
        let key = Key(
            address: Int(bitPattern: blocks.address), rows: blocks.rows, columns: blocks.columns,
            transposed: transposed, precision: precision)
        return side(key) { RightSide(blocks, transposed: transposed, precision: precision) }
    }

    private func side(_ key: Key, _ make: () -> RightSide) -> RightSide {
        lock.lock()
        defer { lock.unlock() }
        if let side = known[key] { return side }
        let side = make()
        known[key] = side
        return side
    }
}

extension Operand {
    /// W or its transpose, as a product's right side; `precision` is a frozen one's.
    func side(transposed: Bool, precision: Precision) -> RightSide {
        switch self {
        case .frozen(let weight):
            if let blocks = weight.blocks {
                return weight.sides.side(blocks, transposed: transposed, precision: precision)
            }
            return weight.sides.side(
                weight.floats, rows: weight.shape[0], columns: weight.shape[1], transposed: transposed, inPlace: false,
                precision: precision, owner: nil)
        case .trainable(let parameter):
            return parameter.sides.side(
                parameter.values, rows: parameter.shape[0], columns: parameter.shape[1], transposed: transposed,
                inPlace: true, precision: .float32, owner: nil)
        }
    }
}
