import Files
import Models
import Numerics
import Tasks

/// A set of labels for each example.
package struct LabelSetColumn: TargetColumn {
    /// [examples, labels]: 1 for a label of the example, 0 for another; NaN where the example has no answer.
    let values: [Float]
    /// With the labels that the head does not know.
    private let gold: GoldLabelSets
    /// Of each of the head's labels.
    private let thresholds: [Float]

    init(_ examples: [Example], names: [String], thresholds: [Float]) {
        self.init(GoldLabelSets(examples, names: names), thresholds: thresholds)
    }

    private init(_ gold: GoldLabelSets, thresholds: [Float]) {
        self.gold = gold
        self.thresholds = thresholds
        let width = gold.known
        values = gold.sets.flatMap { set in
            guard let set else { return [Float](repeating: .nan, count: width) }
            return (0..<width).map { set.contains($0) ? 1 : 0 }
        }
    }

    var width: Int { gold.known }

    package func targets(
        _ indices: [Int], of examples: EncodedExamples, as head: BatchHead, loss: LossTargets, longest: Int,
        predicts: Bool
    ) -> HeadTargets? {
        HeadTargets(
            .numbers(indices.flatMap { values[$0 * width..<($0 + 1) * width] }, width: width),
            weights: loss.weights(ofRows: indices), teacher: predicts ? nil : loss.teacher(indices))
    }

    package func answers(_ results: HeadResults) -> HeadAnswers {
        let predicted = gold.sets.indices.map { LabelThresholds.labels(results.row($0), thresholds) }
        return HeadAnswers(gold.answers(predicted), scored: gold.scored, unknown: gold.unknown)
    }

    /// The same targets with the thresholds that are best for these results; nil: no example has an answer.
    func calibrated(_ results: HeadResults) -> (column: LabelSetColumn, thresholds: [Float])? {
        guard !gold.scored.isEmpty else { return nil }
        let probabilities = gold.sets.indices.flatMap { results.row($0) }
        let thresholds = LabelThresholds.chosen(probabilities, gold.sets, labels: width)
        return (LabelSetColumn(gold, thresholds: thresholds), thresholds)
    }

    package var strata: [Int?] { gold.sets.map { $0 == nil ? nil : 0 } }

    package func hash(into digest: inout Digest.Incremental) { values.withUnsafeBytes { digest.update($0) } }
}
