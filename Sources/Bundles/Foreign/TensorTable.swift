import Adapters

/// Several tensors that another library holds as one.
enum TensorTable {
    /// Tensors [rows, width] side by side; nil for tensors of other shapes.
    static func joined(_ parts: [NamedTensor]) -> (shape: [Int], values: [Float])? {
        guard let rows = parts.first?.shape.first, parts.allSatisfy({ $0.shape.count == 2 && $0.shape[0] == rows })
        else { return nil }
        var values: [Float] = []
        values.reserveCapacity(parts.reduce(0) { $0 + $1.values.count })
        for row in 0..<rows {
            for part in parts {
                let width = part.shape[1]
                values += part.values[row * width..<(row + 1) * width]
            }
        }
        return ([rows, parts.reduce(0) { $0 + $1.shape[1] }], values)
    }

    /// The values of the tensors that are side by side in a table of so many rows.
    static func parts(of table: [Float], rows: Int, widths: [Int]) -> [[Float]] {
        let columns = widths.reduce(0, +)
        var first = 0
        return widths.map { width in
            defer { first += width }
            return (0..<rows).flatMap { table[$0 * columns + first..<$0 * columns + first + width] }
        }
    }
}
