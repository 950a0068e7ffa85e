/// A matrix with few non-zero values, row by row (CSR).
package struct SparseRows: Equatable, Sendable {
    package private(set) var columns: Int
    /// Where row i starts in `indices` and `values`; one entry more than there are rows.
    package private(set) var starts: [Int] = [0]
    package private(set) var indices: [Int32] = []
    package private(set) var values: [Double] = []

    package init(columns: Int) { self.columns = columns }

    package var rows: Int { starts.count - 1 }

    /// Appends a row; the column indices are below `columns`.
    package mutating func append(_ row: [(column: Int32, value: Double)]) {
        for (column, value) in row {
            precondition(column >= 0 && Int(column) < columns, "column index")
            indices.append(column)
            values.append(value)
        }
        starts.append(indices.count)
    }

    /// The values of a row that are stored.
    func row(_ i: Int) -> [(column: Int32, value: Double)] {
        (starts[i]..<starts[i + 1]).map { (indices[$0], values[$0]) }
    }

    /// out = X·W.
    /// - Parameters:
    ///   - weights: [columns, width]
    ///   - out: [rows, width], overwritten
    func multiply(_ weights: [Double], width: Int, into out: inout [Double]) {
        precondition(weights.count == columns * width && out.count == rows * width, "shapes")
        out.withUnsafeMutableBufferPointer { out in
            weights.withUnsafeBufferPointer { weights in
                forEach { row, column, value in
                    for c in 0..<width { out[row * width + c] += value * weights[column * width + c] }
                } before: { row in
                    for c in 0..<width { out[row * width + c] = 0 }
                }
            }
        }
    }

    /// out = Xᵀ·A.
    /// - Parameters:
    ///   - rowsOfA: [rows, width]
    ///   - out: [columns, width], overwritten
    func multiplyTransposed(_ rowsOfA: [Double], width: Int, into out: inout [Double]) {
        precondition(rowsOfA.count == rows * width && out.count == columns * width, "shapes")
        out.withUnsafeMutableBufferPointer { out in
            out.update(repeating: 0)
            rowsOfA.withUnsafeBufferPointer { a in
                forEach { row, column, value in
                    for c in 0..<width { out[column * width + c] += value * a[row * width + c] }
                } before: { _ in
                }
            }
        }
    }

    @inline(__always)
    private func forEach(
        _ body: (_ row: Int, _ column: Int, _ value: Double) -> Void, before: (_ row: Int) -> Void
    ) {
        indices.withUnsafeBufferPointer { indices in
            values.withUnsafeBufferPointer { values in
                for row in 0..<rows {
                    before(row)
                    for i in starts[row]..<starts[row + 1] { body(row, Int(indices[i]), values[i]) }
                }
            }
        }
    }
}
