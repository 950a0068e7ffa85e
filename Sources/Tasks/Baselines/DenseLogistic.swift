/// Weights and intercepts of a model, one after the other, as `LBFGS` moves them.
struct DenseVector: MinimizerVector, Sendable {
    var values: [Double]

    func dot(_ other: DenseVector) -> Double { sumOfProducts(values, other.values) }
    mutating func add(_ other: DenseVector, scale: Double) { accumulate(other.values, scale: scale, into: &values) }
    mutating func multiply(by scale: Double) { for i in values.indices { values[i] *= scale } }
}

/// Logistic regression on dense features, in variables in which the objective is almost round.
///
/// The Hessian of the objective at W = 0 is C·h·XᵀX + I for each class, with h = (K − 1)/K², if the coupling of classes is left
/// out (K classes; Böhning 1992). With L·Lᵀ of it, W = L⁻ᵀ·V; then L-BFGS needs tens of steps rather than hundreds. The columns
/// have mean 0, so an intercept is apart: b = v / √(C·h·n).
struct DenseProblem {
    private let x: StandardizedRows
    private let loss: LogisticLoss
    private let factor: Cholesky
    private let interceptScale: Double
    private var width: Int { loss.width }

    /// - Parameter gram: XᵀX
    init(_ x: StandardizedRows, gram: [Double], loss: LogisticLoss) {
        self.x = x
        self.loss = loss
        let classes = Double(max(2, loss.width))
        let strength = loss.inverseStrength * (classes - 1) / (classes * classes)
        var matrix = gram.map { $0 * strength }
        for i in 0..<x.columns { matrix[i * x.columns + i] += 1 }
        guard let factor = Cholesky(matrix, size: x.columns) else { preconditionFailure("features are not finite") }
        self.factor = factor
        interceptScale = 1 / (strength * Double(x.rows)).squareRoot()
    }

    var zero: DenseVector { DenseVector(values: [Double](repeating: 0, count: (x.columns + 1) * width)) }

    /// - Returns: weights, [columns, width], and intercepts, [width]
    func model(_ point: DenseVector) -> (weights: [Double], intercepts: [Double]) {
        var weights = Array(point.values.prefix(x.columns * width))
        factor.solveUpper(&weights, width: width)
        return (weights, point.values.suffix(width).map { $0 * interceptScale })
    }

    /// ∂/∂V = L⁻¹ (W + C·Xᵀ(P − Y)); ∂/∂v = C·Σᵢ (P − Y) / √(C·h·n).
    func valueAndGradient(_ point: DenseVector) -> (value: Double, gradient: DenseVector) {
        let (weights, intercepts) = model(point)
        var scores = [Double](repeating: 0, count: x.rows * width)
        x.multiply(weights, width: width, into: &scores)
        var sums = [Double](repeating: 0, count: width)
        let value = loss.residuals(&scores, intercepts: intercepts, sums: &sums)
        var gradient = [Double](repeating: 0, count: x.columns * width)
        x.multiplyTransposed(scores, width: width, into: &gradient)
        accumulate(weights, scale: 1, into: &gradient)
        factor.solveLower(&gradient, width: width)
        return (
            value + sumOfProducts(weights, weights) / 2,
            DenseVector(values: gradient + sums.map { $0 * interceptScale })
        )
    }
}
