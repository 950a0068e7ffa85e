import Foundation
import Models
import Numerics
import Tasks

/// A linear layer on features, as a head with one layer stores it.
package struct LinearModel: Sendable {
    /// [outputs, columns]
    package var weights: [Float]
    /// [outputs]
    package var bias: [Float]
    /// Steps of the fit; 1 where it is solved directly.
    package var iterations = 1

    /// What a head with this layer says of features.
    /// - Parameters:
    ///   - head: its output: classes or numbers
    ///   - column: targets, for the losses
    ///   - isUsed: whether an example's rows are computed; others keep zeros
    package func fill(
        _ results: inout ProbeAnswers, _ features: Features, _ column: any TargetColumn, head: any Head,
        where isUsed: (Int) -> Bool = { _ in true }
    ) {
        let classes = column.classes(of: features)
        if case .choices = head.output { return fillChoices(&results, features, classes, where: isUsed) }
        for i in 0..<features.offsets.count - 1 where isUsed(i) {
            for row in features.rows(i) {
                var scores = self.scores(features.row(row))
                let loss: Double?
                switch head.output {
                case .classes, .arcs:
                    let target = Int(classes[row])
                    let score = target >= 0 ? scores[target] : 0
                    let total = softmax(&scores, from: 0, count: scores.count)
                    loss = target >= 0 ? total - score : nil
                case .labelSets:
                    loss = Self.binaryLoss(scores, column, row: row)
                    scores = scores.map { BinaryCrossEntropy.sigmoid($0) }
                case .choices, .spans, .similarity, .ranking, .clusters, .tokens:
                    preconditionFailure("a head without a linear one")
                case .numbers(let scales):
                    loss = Self.squaredError(scores, column, row: row, scales)
                    for (c, scale) in scales.enumerated() {
                        scores[c] = Double(scale.mean) + Double(scale.deviation) * scores[c]
                    }
                }
                results.set(row, of: i, scores, loss: loss)
            }
        }
    }

    /// Logits of the choices, which compete with those of their question.
    private func fillChoices(
        _ results: inout ProbeAnswers, _ features: Features, _ classes: [Int32], where isUsed: (Int) -> Bool
    ) {
        for i in 0..<features.offsets.count - 1 where isUsed(i) {
            let rows = features.rows(i)
            let logits = rows.map { scores(features.row($0))[0] }
            var shares = logits
            let total = shares.isEmpty ? 0 : softmax(&shares, from: 0, count: shares.count)
            for (row, logit) in zip(rows, logits) {
                // A question counts once, by its right choice
                results.set(row, of: i, [logit], loss: classes[row] == 1 ? total - logit : nil)
            }
        }
    }

    /// The mean over a row's labels; nil: the row has no answer.
    private static func binaryLoss(_ logits: [Double], _ column: any TargetColumn, row: Int) -> Double? {
        guard let column = column as? LabelSetColumn, !column.values[row * column.width].isNaN else { return nil }
        let losses = logits.enumerated().map { c, x in
            max(x, 0) - x * Double(column.values[row * column.width + c]) + log1p(exp(-abs(x)))
        }
        return losses.reduce(0, +) / Double(losses.count)
    }

    private func scores(_ x: ArraySlice<Float>) -> [Double] {
        x.withUnsafeBufferPointer { x in
            weights.withUnsafeBufferPointer { weights in
                bias.enumerated().map { c, bias in
                    var sum = Double(bias)
                    for j in 0..<x.count { sum += Double(weights[c * x.count + j]) * Double(x[j]) }
                    return sum
                }
            }
        }
    }

    /// The mean over a row's targets, in units of the scales; nil: it has none.
    private static func squaredError(
        _ outputs: [Double], _ column: any TargetColumn, row: Int, _ scales: [NumberScale]
    ) -> Double? {
        guard let column = column as? NumberColumn else { return nil }
        let errors = scales.enumerated().compactMap { c, scale -> Double? in
            let target = column.values[row * column.width + c]
            guard !target.isNaN else { return nil }
            let error = outputs[c] - (Double(target) - Double(scale.mean)) / Double(scale.deviation)
            return error * error
        }
        return errors.isEmpty ? nil : errors.reduce(0, +) / Double(errors.count)
    }
}

/// A split's answers on their way from linear models, which may be of different folds.
package struct ProbeAnswers {
    private let features: Features
    private let width: Int
    private var values: [Float]
    private var losses: [(sum: Double, targets: Int)]

    package init(_ features: Features, width: Int) {
        self.features = features
        self.width = width
        values = [Float](repeating: 0, count: features.rows * width)
        losses = [(sum: Double, targets: Int)](repeating: (0, 0), count: features.offsets.count - 1)
    }

    fileprivate mutating func set(_ row: Int, of example: Int, _ values: [Double], loss: Double?) {
        for (c, value) in values.enumerated() { self.values[row * width + c] = Float(value) }
        losses[example].sum += loss ?? 0
        losses[example].targets += loss == nil ? 0 : 1
    }

    /// As an evaluator gives them.
    package var results: HeadResults {
        HeadResults(width: width, values: values, offsets: features.offsets, words: features.words, losses: losses)
    }
}
