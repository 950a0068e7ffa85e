/// Some rows of dense features, each column with mean 0 and deviation 1 over these rows (scikit-learn's `StandardScaler`).
///
/// The features are kept once as they are, however many subsets of their rows are taken; a row is standardized whenever it is
/// read. One thread; the order of sums follows from the rows alone.
package struct StandardizedRows: Sendable {
    /// [all rows, columns]
    private let values: [Float]
    let columns: Int
    /// Of the rows that are taken.
    let indices: [Int]
    /// [columns]
    package let means: [Double]
    /// [columns]; 1 / deviation, and 1 for a column that never changes.
    package let factors: [Double]

    var rows: Int { indices.count }

    /// - Parameters:
    ///   - values: [all rows, columns], finite
    ///   - indices: the rows that are taken, in their order; at least one
    package init(_ values: [Float], columns: Int, indices: [Int]) {
        precondition(columns > 0 && values.count % columns == 0 && !indices.isEmpty, "shapes")
        precondition(indices.allSatisfy { $0 >= 0 && $0 < values.count / columns }, "row index")
        self.values = values
        self.columns = columns
        self.indices = indices
        var means = [Double](repeating: 0, count: columns)
        var squares = means
        values.withUnsafeBufferPointer { values in
            means.withUnsafeMutableBufferPointer { means in
                squares.withUnsafeMutableBufferPointer { squares in
                    for row in indices { for j in 0..<columns { means[j] += Double(values[row * columns + j]) } }
                    for j in 0..<columns { means[j] /= Double(indices.count) }
                    for row in indices {
                        for j in 0..<columns {
                            let d = Double(values[row * columns + j]) - means[j]
                            squares[j] += d * d
                        }
                    }
                }
            }
        }
        factors = zip(squares, means).map { square, mean in
            let deviation = (square / Double(indices.count)).squareRoot()
            // What is left of a constant column is rounding
            return deviation > 1e-12 * abs(mean) ? 1 / deviation : 1
        }
        self.means = means
    }

    /// out = X·W.
    /// - Parameters:
    ///   - weights: [columns, width]
    ///   - out: [rows, width], overwritten
    func multiply(_ weights: [Double], width: Int, into out: inout [Double]) {
        precondition(weights.count == columns * width && out.count == rows * width, "shapes")
        out.withUnsafeMutableBufferPointer { out in
            out.update(repeating: 0)
            weights.withUnsafeBufferPointer { weights in
                forEachRow { row, x in
                    for j in 0..<columns {
                        let value = x[j]
                        for c in 0..<width { out[row * width + c] += value * weights[j * width + c] }
                    }
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
                forEachRow { row, x in
                    for j in 0..<columns {
                        let value = x[j]
                        for c in 0..<width { out[j * width + c] += value * a[row * width + c] }
                    }
                }
            }
        }
    }

    /// XᵀX: [columns, columns].
    package func gram() -> [Double] {
        var gram = [Double](repeating: 0, count: columns * columns)
        // Four rows at a time, so that the sums are read and written less often
        var block = [Double](repeating: 0, count: 4 * columns)
        var filled = 0
        gram.withUnsafeMutableBufferPointer { gram in
            block.withUnsafeMutableBufferPointer { block in
                func add() {
                    for i in 0..<columns {
                        let (a, b) = (block[i], block[columns + i])
                        let (c, d) = (block[2 * columns + i], block[3 * columns + i])
                        for j in i..<columns {
                            gram[i * columns + j] +=
                                (a * block[j] + b * block[columns + j])
                                + (c * block[2 * columns + j] + d * block[3 * columns + j])
                        }
                    }
                    block.update(repeating: 0)
                    filled = 0
                }
                forEachRow { _, x in
                    for j in 0..<columns { block[filled * columns + j] = x[j] }
                    filled += 1
                    if filled == 4 { add() }
                }
                if filled > 0 { add() }
            }
            for i in 0..<columns { for j in 0..<i { gram[i * columns + j] = gram[j * columns + i] } }
        }
        return gram
    }

    /// A linear model of these rows as one of the features as they are: x·w + b is the same for both.
    /// - Parameters:
    ///   - weights: [columns, width]
    ///   - intercepts: [width]
    package func unstandardized(_ weights: [Double], _ intercepts: [Double]) -> (
        weights: [Double], intercepts: [Double]
    ) {
        let width = intercepts.count
        var (weights, intercepts) = (weights, intercepts)
        for j in 0..<columns {
            for c in 0..<width {
                weights[j * width + c] *= factors[j]
                intercepts[c] -= means[j] * weights[j * width + c]
            }
        }
        return (weights, intercepts)
    }

    private func forEachRow(_ body: (_ row: Int, _ x: UnsafePointer<Double>) -> Void) {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: columns) { x in
            x.initialize(repeating: 0)
            guard let start = x.baseAddress else { return }
            values.withUnsafeBufferPointer { values in
                for (row, index) in indices.enumerated() {
                    for j in 0..<columns { start[j] = (Double(values[index * columns + j]) - means[j]) * factors[j] }
                    body(row, start)
                }
            }
        }
    }
}
