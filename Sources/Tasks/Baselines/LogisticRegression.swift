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
    /// Where a fit of another strength on the same sparse rows may start.
    private let dual: DualVector?

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
        let seen = Self.seen(y, rows: x.rows, classes: classes)
        let loss = Self.loss(y, seen, options)
        let problem = DualProblem(x: x, loss: loss)
        let solver = LBFGS(maximumIterations: options.maximumIterations, tolerance: options.tolerance)
        let known = start?.dual.flatMap { $0.image.count == x.rows * loss.width ? $0 : nil }
        let outcome = solver.minimize(from: known ?? problem.zero, problem.valueAndGradient)
        var weights = [Double](repeating: 0, count: x.columns * loss.width)
        x.multiplyTransposed(outcome.point.rows, width: loss.width, into: &weights)
        self.classes = classes
        seenClasses = seen
        width = loss.width
        self.weights = weights
        intercepts = outcome.point.intercepts
        iterations = outcome.iterations
        converged = outcome.converged
        dual = outcome.point
    }

    /// Fits dense training rows; the penalty is on the weights of the standardized columns.
    ///
    /// - Parameters:
    ///   - x: [rows, columns]
    ///   - gram: XᵀX, for several fits to the same rows
    ///   - y: class of each row, in 0..<classes; at least one row
    package init(
        fitting x: StandardizedRows, gram: [Double], _ y: [Int], classes: Int, options: Options = Options()
    ) {
        let seen = Self.seen(y, rows: x.rows, classes: classes)
        let loss = Self.loss(y, seen, options)
        let problem = DenseProblem(x, gram: gram, loss: loss)
        let outcome = LBFGS(maximumIterations: options.maximumIterations, tolerance: options.tolerance)
            .minimize(from: problem.zero, problem.valueAndGradient)
        self.classes = classes
        seenClasses = seen
        width = loss.width
        (weights, intercepts) = problem.model(outcome.point)
        iterations = outcome.iterations
        converged = outcome.converged
        dual = nil
    }

    private static func seen(_ y: [Int], rows: Int, classes: Int) -> [Int] {
        precondition(rows == y.count && !y.isEmpty, "\(rows) rows, \(y.count) classes of rows")
        precondition(y.allSatisfy { (0..<classes).contains($0) }, "class index")
        return Set(y).sorted()
    }

    private static func loss(_ y: [Int], _ seen: [Int], _ options: Options) -> LogisticLoss {
        precondition(options.inverseStrength > 0, "inverse strength")
        let place = Dictionary(uniqueKeysWithValues: seen.enumerated().map { ($1, $0) })
        return LogisticLoss(
            y: y.compactMap { place[$0] }, width: seen.count == 2 ? 1 : seen.count,
            inverseStrength: options.inverseStrength)
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
    let loss: LogisticLoss
    private var width: Int { loss.width }

    init(x: SparseRows, loss: LogisticLoss) {
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
        self.loss = loss
    }

    var zero: DualVector {
        DualVector(
            rows: [Double](repeating: 0, count: own.count * width),
            image: [Double](repeating: 0, count: own.count * width),
            intercepts: [Double](repeating: 0, count: width))
    }

    /// ∂/∂W = W + C·Xᵀ(P − Y), so in terms of rows A + C(P − Y); ∂/∂b = C·Σᵢ (P − Y).
    func valueAndGradient(_ point: DualVector) -> (value: Double, gradient: DualVector) {
        var residuals = point.image
        var sums = [Double](repeating: 0, count: width)
        let value = loss.residuals(&residuals, intercepts: point.intercepts, sums: &sums)
        var gradient = DualVector(rows: residuals, image: residuals, intercepts: sums)
        var weights = [Double](repeating: 0, count: shared.columns * width)
        shared.multiplyTransposed(residuals, width: width, into: &weights)
        shared.multiply(weights, width: width, into: &gradient.image)
        for row in own.indices {
            for i in (row * width)..<((row + 1) * width) { gradient.image[i] += own[row] * residuals[i] }
        }
        accumulate(point.rows, scale: 1, into: &gradient.rows)
        accumulate(point.image, scale: 1, into: &gradient.image)
        return (value + sumOfProducts(point.rows, point.image) / 2, gradient)
    }
}
