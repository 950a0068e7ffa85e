import Foundation

/// Logistic regression with an L2 penalty on the weights, not on the intercepts; scikit-learn's `LogisticRegression`.
///
/// Minimises C · Σᵢ −ln p[yᵢ | xᵢ] + ½ Σ W², p = softmax(x·W + b); with two classes p = σ(x·w + b) and one weight vector,
/// which is not the softmax of two. Classes without training examples get probability 0.
package struct LogisticRegression: Sendable {
    package struct Options: Equatable, Sendable {
        /// Inverse strength of the penalty (`C`), above 0.
        package var inverseStrength = 1.0
        /// Stops when the objective's gradient is this short; probabilities are then off by less than this.
        package var tolerance = 1e-4
        package var maximumIterations = 1000

        package init() {}
    }

    /// Classes in all, those without examples included.
    package let classes: Int
    /// Classes with training examples, ascending; [columns, width] and [width] belong to these.
    package let seenClasses: [Int]
    /// One a seen class, or a single one for two classes.
    private let width: Int
    package let weights: [Double]
    package let intercepts: [Double]
    package let iterations: Int
    package let converged: Bool
    /// Where a fit of another strength on the same data may start.
    private let dual: DualVector

    /// Fits training rows.
    ///
    /// - Parameters:
    ///   - x: [rows, columns]
    ///   - y: class of each row, in 0..<classes; at least one row
    ///   - start: a fit to the same rows, for speed only
    package init(
        fitting x: SparseRows, _ y: [Int], classes: Int, options: Options = Options(),
        startingFrom start: LogisticRegression? = nil
    ) {
        precondition(x.rows == y.count && !y.isEmpty, "\(x.rows) rows, \(y.count) classes of rows")
        precondition(y.allSatisfy { (0..<classes).contains($0) }, "class index")
        precondition(options.inverseStrength > 0, "inverse strength")
        self.classes = classes
        let seen = Set(y).sorted()
        seenClasses = seen
        width = seen.count == 2 ? 1 : seen.count
        var place = [Int](repeating: 0, count: classes)
        for (i, c) in seen.enumerated() { place[c] = i }
        let problem = DualProblem(
            x: x, y: y.map { place[$0] }, width: width, inverseStrength: options.inverseStrength)
        let solver = LBFGS(maximumIterations: options.maximumIterations, tolerance: options.tolerance)
        let isSameShape = start?.dual.image.count == x.rows * width
        let outcome = solver.minimize(
            from: isSameShape ? start?.dual ?? problem.zero : problem.zero, problem.valueAndGradient)
        var weights = [Double](repeating: 0, count: x.columns * width)
        x.multiplyTransposed(outcome.point.rows, width: width, into: &weights)
        self.weights = weights
        intercepts = outcome.point.intercepts
        iterations = outcome.iterations
        converged = outcome.converged
        dual = outcome.point
    }

    /// Probability of each class.
    /// - Parameter x: [rows, columns], of the training's columns
    /// - Returns: [rows, classes], one row after the other
    package func probabilities(_ x: SparseRows) -> [Double] {
        var scores = [Double](repeating: 0, count: x.rows * width)
        x.multiply(weights, width: width, into: &scores)
        var result = [Double](repeating: 0, count: x.rows * classes)
        for row in 0..<x.rows {
            for c in 0..<width { scores[row * width + c] += intercepts[c] }
            if seenClasses.count == 2 {
                let (first, second) = (seenClasses[0], seenClasses[1])
                result[row * classes + second] = sigmoid(scores[row])
                result[row * classes + first] = sigmoid(-scores[row])
            } else {
                softmax(&scores, from: row * width, count: width)
                for (i, c) in seenClasses.enumerated() { result[row * classes + c] = scores[row * width + i] }
            }
        }
        return result
    }

    /// The most probable class of each row, the first of equals.
    package func predict(_ x: SparseRows) -> [Int] {
        let all = probabilities(x)
        return (0..<x.rows).map { row in
            (1..<max(1, classes)).reduce(0) { all[row * classes + $1] > all[row * classes + $0] ? $1 : $0 }
        }
    }
}

/// Weights as a combination of the training rows, W = Xᵀ·A, with their scores X·W beside them.
///
/// All that L-BFGS meets (the start at 0, gradients, steps) is of this form, so it can work on A, [rows, width], which
/// is a twentieth of W, [columns, width], when there are twenty times more terms than texts. The inner product of two
/// such weight matrices is A · (X·W′).
struct DualVector: MinimizerVector, Sendable {
    /// A: [rows, width]
    var rows: [Double]
    /// X·Xᵀ·A: [rows, width]
    var image: [Double]
    /// [width]
    var intercepts: [Double]

    func dot(_ other: DualVector) -> Double {
        sumOfProducts(rows, other.image) + sumOfProducts(intercepts, other.intercepts)
    }

    mutating func add(_ other: DualVector, scale: Double) {
        accumulate(other.rows, scale: scale, into: &rows)
        accumulate(other.image, scale: scale, into: &image)
        accumulate(other.intercepts, scale: scale, into: &intercepts)
    }

    mutating func multiply(by scale: Double) {
        for i in rows.indices { rows[i] *= scale }
        for i in image.indices { image[i] *= scale }
        for i in intercepts.indices { intercepts[i] *= scale }
    }
}

private struct DualProblem {
    /// The columns that several rows have.
    let shared: SparseRows
    /// Per row, the sum of squares in the columns that no other row has: what those add to the diagonal of X·Xᵀ. Most
    /// word pairs occur once, so this leaves a fraction of the work.
    let own: [Double]
    /// Place of each row's class among the seen ones.
    let y: [Int]
    let width: Int
    let inverseStrength: Double

    init(x: SparseRows, y: [Int], width: Int, inverseStrength: Double) {
        var uses = [Int](repeating: 0, count: x.columns)
        for column in x.indices { uses[Int(column)] += 1 }
        var columns = [Int32](repeating: -1, count: x.columns)
        var count = 0
        for column in uses.indices where uses[column] > 1 {
            columns[column] = Int32(count)
            count += 1
        }
        var shared = SparseRows(columns: count)
        own = (0..<x.rows).map { row in
            var squares = 0.0
            var kept: [(column: Int32, value: Double)] = []
            for i in x.starts[row]..<x.starts[row + 1] {
                let column = columns[Int(x.indices[i])]
                if column >= 0 { kept.append((column, x.values[i])) } else { squares += x.values[i] * x.values[i] }
            }
            shared.append(kept)
            return squares
        }
        self.shared = shared
        self.y = y
        self.width = width
        self.inverseStrength = inverseStrength
    }

    var zero: DualVector {
        DualVector(
            rows: [Double](repeating: 0, count: y.count * width), image: [Double](repeating: 0, count: y.count * width),
            intercepts: [Double](repeating: 0, count: width))
    }

    /// ∂/∂W = W + C·Xᵀ(P − Y), so in terms of rows A + C(P − Y); ∂/∂b = C·Σᵢ (P − Y).
    func valueAndGradient(_ point: DualVector) -> (value: Double, gradient: DualVector) {
        var loss = 0.0
        var residuals = point.image
        var sums = [Double](repeating: 0, count: width)
        for row in 0..<y.count {
            let at = row * width
            for c in 0..<width { residuals[at + c] += point.intercepts[c] }
            if width == 1 {
                let score = residuals[at]
                let isSecond = y[row] == 1
                loss += softplus(isSecond ? -score : score)
                residuals[at] = isSecond ? -sigmoid(-score) : sigmoid(score)
            } else {
                let score = residuals[at + y[row]]
                loss += softmax(&residuals, from: at, count: width) - score
                residuals[at + y[row]] -= 1
            }
            for c in 0..<width {
                residuals[at + c] *= inverseStrength
                sums[c] += residuals[at + c]
            }
        }
        var gradient = DualVector(rows: residuals, image: residuals, intercepts: sums)
        var weights = [Double](repeating: 0, count: shared.columns * width)
        shared.multiplyTransposed(residuals, width: width, into: &weights)
        shared.multiply(weights, width: width, into: &gradient.image)
        for row in own.indices {
            for i in (row * width)..<((row + 1) * width) { gradient.image[i] += own[row] * residuals[i] }
        }
        accumulate(point.rows, scale: 1, into: &gradient.rows)
        accumulate(point.image, scale: 1, into: &gradient.image)
        return (inverseStrength * loss + sumOfProducts(point.rows, point.image) / 2, gradient)
    }
}

private func sigmoid(_ x: Double) -> Double { x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)) }

/// ln(1 + eˣ)
private func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

/// Turns scores into probabilities in place.
/// - Returns: the logarithm of the scores' summed exponentials
@discardableResult
private func softmax(_ values: inout [Double], from start: Int, count: Int) -> Double {
    var top = -Double.infinity
    for i in start..<(start + count) { top = max(top, values[i]) }
    var sum = 0.0
    for i in start..<(start + count) {
        values[i] = exp(values[i] - top)
        sum += values[i]
    }
    for i in start..<(start + count) { values[i] /= sum }
    return top + log(sum)
}

/// Σ aᵢ bᵢ in four fixed strands, which vectorise; the order never changes.
private func sumOfProducts(_ a: [Double], _ b: [Double]) -> Double {
    a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
            var strands = SIMD4<Double>.zero
            let whole = a.count & ~3
            for i in stride(from: 0, to: whole, by: 4) {
                let left = SIMD4<Double>(a[i], a[i + 1], a[i + 2], a[i + 3])
                let right = SIMD4<Double>(b[i], b[i + 1], b[i + 2], b[i + 3])
                strands += left * right
            }
            var sum = strands.sum()
            for i in whole..<a.count { sum += a[i] * b[i] }
            return sum
        }
    }
}

/// out += scale · a
private func accumulate(_ a: [Double], scale: Double, into out: inout [Double]) {
    a.withUnsafeBufferPointer { a in
        out.withUnsafeMutableBufferPointer { out in
            for i in 0..<a.count { out[i] += scale * a[i] }
        }
    }
}
