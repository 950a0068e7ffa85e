import Models
import Tasks

/// The fit of a linear layer to some examples: multinomial logistic regression, or ridge regression for numbers. Each label of a set,
/// and whether a choice is the right one, is a logistic regression of two classes.
///
/// The features are standardized over the examples' rows; the fitted weights are those of the features as they are.
struct ProbeProblem {
    private enum Targets {
        /// Of each row that is used.
        case classes([Int], count: Int)
        /// Of each yes-or-no decision, for each row that is used: whether it is yes.
        case decisions([[Bool]])
        /// Of each number its rows with its values, in units of its scale; nil: no row has a value.
        case numbers([(rows: StandardizedRows, gram: [Double], values: [Double])?])
    }

    private let rows: StandardizedRows?
    private let gram: [Double]
    private let targets: Targets
    private let columns: Int

    /// A class without examples gets this logit, while those of the other classes have the mean 0: e⁻³⁰ is no probability.
    private static let unseen = -30.0

    /// - Parameter isUsed: whether an example is fitted to; those without targets never are
    init(
        _ features: Features, _ column: any TargetColumn, head: any Head, where isUsed: (Int) -> Bool = { _ in true }
    ) {
        columns = features.width
        let used = (0..<features.offsets.count - 1).filter(isUsed).flatMap { Array(features.rows($0)) }
        func rows(_ indices: [Int]) -> StandardizedRows? {
            indices.isEmpty ? nil : StandardizedRows(features.values, columns: features.width, indices: indices)
        }
        switch head.output {
        case .classes(let labels), .arcs(let labels):
            let classes = column.classes(of: features)
            let labeled = used.filter { classes[$0] >= 0 }
            self.rows = rows(labeled)
            gram = self.rows?.gram() ?? []
            targets = .classes(labeled.map { Int(classes[$0]) }, count: labels.count)
        case .labelSets(let labels, _):
            let column = column as? LabelSetColumn
            let labeled = used.filter { row in column.map { !$0.values[row * $0.width].isNaN } ?? false }
            self.rows = rows(labeled)
            gram = self.rows?.gram() ?? []
            targets = .decisions(
                labels.indices.map { c in
                    labeled.map { row in column.map { $0.values[row * $0.width + c] == 1 } ?? false }
                })
        case .choices:
            let classes = column.classes(of: features)
            let labeled = used.filter { classes[$0] >= 0 }
            self.rows = rows(labeled)
            gram = self.rows?.gram() ?? []
            targets = .decisions([labeled.map { classes[$0] == 1 }])
        case .spans, .similarity, .ranking, .clusters, .tokens:
            preconditionFailure("a head without a linear one")
        case .numbers(let scales):
            self.rows = nil
            gram = []
            guard let column = column as? NumberColumn else {
                targets = .numbers(scales.map { _ in nil })
                return
            }
            targets = .numbers(
                scales.enumerated().map { c, scale in
                    let present = used.filter { !column.values[$0 * column.width + c].isNaN }
                    return rows(present).map { own in
                        let values = present.map {
                            (Double(column.values[$0 * column.width + c]) - Double(scale.mean))
                                / Double(scale.deviation)
                        }
                        return (own, own.gram(), values)
                    }
                })
        }
    }

    /// - Parameters:
    ///   - strength: C of scikit-learn's `LogisticRegression`; numbers have the penalty α = 1/C of its `Ridge`.
    ///   - tolerance: of the gradient's length in the variables of `DenseProblem`.
    func fit(_ strength: Double, tolerance: Double = 1e-6) -> LinearModel {
        switch targets {
        case .classes(let y, let count): classes(y, count: count, strength, tolerance)
        case .decisions(let all):
            all.reduce(into: LinearModel(weights: [], bias: [])) { model, y in
                let own = decision(y, strength, tolerance)
                model.weights += own.weights
                model.bias += own.bias
                model.iterations = max(model.iterations, own.iterations)
            }
        case .numbers(let outputs):
            outputs.reduce(into: LinearModel(weights: [], bias: [])) { model, output in
                guard let (rows, gram, values) = output else {
                    model.weights += [Float](repeating: 0, count: columns)
                    model.bias.append(0)
                    return
                }
                let ridge = RidgeRegression(fitting: rows, gram: gram, values, penalty: 1 / strength)
                let (weights, intercepts) = rows.unstandardized(ridge.weights, [ridge.intercept])
                model.weights += weights.map { Float($0) }
                model.bias.append(Float(intercepts[0]))
            }
        }
    }

    private static func options(_ strength: Double, _ tolerance: Double) -> LogisticRegression.Options {
        var options = LogisticRegression.Options()
        options.inverseStrength = strength
        options.tolerance = tolerance
        return options
    }

    /// One logit: of yes against no.
    private func decision(_ y: [Bool], _ strength: Double, _ tolerance: Double) -> LinearModel {
        guard let rows, y.contains(true), y.contains(false) else {
            let bias = y.contains(true) ? -Self.unseen : Self.unseen
            return LinearModel(weights: [Float](repeating: 0, count: columns), bias: [Float(bias)])
        }
        let model = LogisticRegression(
            fitting: rows, gram: gram, y.map { $0 ? 1 : 0 }, classes: 2, options: Self.options(strength, tolerance))
        let (weights, intercepts) = rows.unstandardized(model.weights, model.intercepts)
        return LinearModel(
            weights: weights.map { Float($0) }, bias: [Float(intercepts[0])], iterations: max(1, model.iterations))
    }

    private func classes(_ y: [Int], count: Int, _ strength: Double, _ tolerance: Double) -> LinearModel {
        var weights = [Double](repeating: 0, count: count * columns)
        var bias = [Double](repeating: Self.unseen, count: count)
        let seen = Set(y)
        guard let rows, seen.count > 1 else {
            for label in seen { bias[label] = 0 }
            return LinearModel(weights: weights.map { Float($0) }, bias: bias.map { Float($0) })
        }
        let model = LogisticRegression(
            fitting: rows, gram: gram, y, classes: count, options: Self.options(strength, tolerance))
        let (fitted, intercepts) = rows.unstandardized(model.weights, model.intercepts)
        let width = intercepts.count
        // σ(x) of one score is the softmax of ∓x/2
        let mean = width == 1 ? 0 : intercepts.reduce(0, +) / Double(width)
        for (place, label) in model.seenClasses.enumerated() {
            let (source, factor) = width == 1 ? (0, place == 0 ? -0.5 : 0.5) : (place, 1)
            bias[label] = factor * (intercepts[source] - mean)
            for j in 0..<columns { weights[label * columns + j] = factor * fitted[j * width + source] }
        }
        return LinearModel(
            weights: weights.map { Float($0) }, bias: bias.map { Float($0) }, iterations: max(1, model.iterations))
    }
}
