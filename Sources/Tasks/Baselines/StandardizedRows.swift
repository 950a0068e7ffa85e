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
        let columns = columns
        out.withUnsafeMutableBufferPointer { out in
            out.update(repeating: 0)
            weights.withUnsafeBufferPointer { weights in
                guard let out = out.baseAddress, let weights = weights.baseAddress else { return }
                forEachFour { first, count, x in
                    for row in 0..<count {
                        FourTerms.add(
                            x + row * columns, weights, count: columns, width: width, to: out + (first + row) * width)
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
        let columns = columns
        out.withUnsafeMutableBufferPointer { out in
            out.update(repeating: 0)
            rowsOfA.withUnsafeBufferPointer { a in
                guard let out = out.baseAddress, let a = a.baseAddress else { return }
                withUnsafeTemporaryAllocation(of: Double.self, capacity: 4) { factors in
                    factors.initialize(repeating: 0)
                    guard let factors = factors.baseAddress else { return }
                    forEachFour { first, count, x in
                        for j in 0..<columns {
                            for row in 0..<count { factors[row] = x[row * columns + j] }
                            FourTerms.add(factors, a + first * width, count: count, width: width, to: out + j * width)
                        }
                    }
                }
            }
        }
    }

    /// XᵀX: [columns, columns].
    package func gram() -> [Double] {
        let columns = columns
        var gram = [Double](repeating: 0, count: columns * columns)
        gram.withUnsafeMutableBufferPointer { gram in
            forEachFour { _, _, x in
                for i in 0..<columns {
                    let (a, b) = (x[i], x[columns + i])
                    let (c, d) = (x[2 * columns + i], x[3 * columns + i])
                    for j in i..<columns {
                        gram[i * columns + j] +=
                            (a * x[j] + b * x[columns + j]) + (c * x[2 * columns + j] + d * x[3 * columns + j])
                    }
                }
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

    /// Standardizes four rows at a time, so that sums over them are read and written less often.
    /// - Parameter body: gets the first row, how many there are, and [4, columns], with zeros where there are fewer
    private func forEachFour(_ body: (_ first: Int, _ count: Int, _ x: UnsafePointer<Double>) -> Void) {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: 4 * columns) { x in
            x.initialize(repeating: 0)
            guard let start = x.baseAddress else { return }
            values.withUnsafeBufferPointer { values in
                for first in stride(from: 0, to: rows, by: 4) {
                    let count = min(4, rows - first)
                    for row in 0..<count {
                        let (source, target) = (indices[first + row] * columns, start + row * columns)
                        for j in 0..<columns { target[j] = (Double(values[source + j]) - means[j]) * factors[j] }
                    }
                    if count < 4 { (start + count * columns).update(repeating: 0, count: (4 - count) * columns) }
                    body(first, count, start)
                }
            }
        }
    }
}
