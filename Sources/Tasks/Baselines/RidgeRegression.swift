/// Linear regression with an L2 penalty on the weights, not on the intercept; scikit-learn's `Ridge`.
///
/// Minimizes Σᵢ (yᵢ − xᵢ·w − b)² + α Σ w². Solved by conjugate gradients on the normal equations of the centered data;
/// the columns stay sparse.
package struct RidgeRegression: Sendable {
    package let weights: [Double]
    package let intercept: Double

    /// - Parameters:
    ///   - x: [rows, columns], at least one row
    ///   - y: a value for each row
    ///   - penalty: α, above 0
    package init(fitting x: SparseRows, _ y: [Double], penalty: Double, maximumIterations: Int = 1000) {
        precondition(x.rows == y.count && !y.isEmpty, "\(x.rows) rows, \(y.count) values")
        precondition(penalty > 0, "penalty")
        let rows = Double(x.rows)
        let center = y.reduce(0, +) / rows
        var means = [Double](repeating: 0, count: x.columns)
        x.multiplyTransposed([Double](repeating: 1 / rows, count: x.rows), width: 1, into: &means)

        var image = [Double](repeating: 0, count: x.rows)
        /// Xᵀ a with centered columns; a must have the mean 0.
        func transposed(_ a: [Double], into out: inout [Double]) { x.multiplyTransposed(a, width: 1, into: &out) }
        /// X w with centered columns.
        func forward(_ w: [Double]) {
            x.multiply(w, width: 1, into: &image)
            let shift = Self.dot(means, w)
            for i in image.indices { image[i] -= shift }
        }
        var w = [Double](repeating: 0, count: x.columns)
        var residual = w
        transposed(y.map { $0 - center }, into: &residual)
        var direction = residual
        var product = residual
        var squared = Self.dot(residual, residual)
        let goal = squared * 1e-20
        var iterations = 0
        while squared > goal, iterations < maximumIterations {
            forward(direction)
            transposed(image, into: &product)
            for i in product.indices { product[i] += penalty * direction[i] }
            let step = squared / Self.dot(direction, product)
            for i in w.indices {
                w[i] += step * direction[i]
                residual[i] -= step * product[i]
            }
            let next = Self.dot(residual, residual)
            for i in direction.indices { direction[i] = residual[i] + next / squared * direction[i] }
            squared = next
            iterations += 1
        }
        weights = w
        intercept = center - Self.dot(means, w)
    }

    /// The same for dense rows, solved directly: (XᵀX + αI) w = Xᵀy.
    /// - Parameter gram: XᵀX, for several fits to the same rows
    package init(fitting x: StandardizedRows, gram: [Double], _ y: [Double], penalty: Double) {
        precondition(x.rows == y.count && !y.isEmpty, "\(x.rows) rows, \(y.count) values")
        precondition(penalty > 0, "penalty")
        var matrix = gram
        for i in 0..<x.columns { matrix[i * x.columns + i] += penalty }
        guard let factor = Cholesky(matrix, size: x.columns) else { preconditionFailure("features are not finite") }
        var products = [Double](repeating: 0, count: x.columns)
        // The columns have mean 0, so that of y makes no difference
        x.multiplyTransposed(y, width: 1, into: &products)
        weights = factor.solve(products, width: 1)
        intercept = y.reduce(0, +) / Double(y.count)
    }

    /// - Parameter x: [rows, columns], of the training's columns
    package func predict(_ x: SparseRows) -> [Double] {
        var result = [Double](repeating: 0, count: x.rows)
        x.multiply(weights, width: 1, into: &result)
        return result.map { $0 + intercept }
    }

    private static func dot(_ a: [Double], _ b: [Double]) -> Double {
        var sum = 0.0
        for i in a.indices { sum += a[i] * b[i] }
        return sum
    }
}
