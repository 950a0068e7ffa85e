import Files
import Models
import Numerics
import Tasks

/// A class for each example.
package struct ClassColumn: TargetColumn {
    /// Class of each example, −1 where it is missing.
    package let classes: [Int32]
    /// By index of the example, its label where the head does not know it; such an example is scored as wrong.
    private let unknown: [Int: String]
    /// The head's labels.
    private let names: [String]

    package init(_ classes: [Int32], unknown: [Int: String] = [:], names: [String]) {
        self.classes = classes
        self.unknown = unknown
        self.names = names
    }

    init(_ examples: [Example], names: [String]) {
        var unknown: [Int: String] = [:]
        for (i, example) in examples.enumerated() where example.label == nil { unknown[i] = example.unknownLabel }
        self.init(examples.map { Int32($0.label ?? -1) }, unknown: unknown, names: names)
    }

    package func targets(
        _ indices: [Int], of examples: EncodedExamples, as head: BatchHead, loss: LossTargets, longest: Int,
        predicts: Bool
    ) -> HeadTargets? {
        let values = loss.distributions(indices).map {
            HeadTargets.Values.distributions($0, classes: $0.count / max(1, indices.count))
        }
        return HeadTargets(
            values ?? .classes(indices.map { classes[$0] }), weights: loss.weights(ofRows: indices),
            classWeights: head.classWeights, teacher: predicts ? nil : loss.teacher(indices))
    }

    package func answers(_ results: HeadResults) -> HeadAnswers {
        let gold = GoldLabels(labels: classes, unknownLabels: unknown, names: names)
        let best = classes.indices.map { Evaluator.best(results.row($0)) }
        var answers = gold.answers(best)
        // Rounding may take a probability a little above 1
        answers.confidences = gold.scored.map { i in
            let row = results.row(i)
            return min(1, Double(row[row.startIndex + best[i]]))
        }
        return HeadAnswers(answers, scored: gold.scored, unknown: gold.unknown)
    }

    package func classes(of features: Features) -> [Int32] { classes }
    package var allClasses: [Int32]? { classes }
    package var strata: [Int?] { classes.map { $0 >= 0 ? Int($0) : nil } }

    package func hash(into digest: inout Digest.Incremental) { classes.withUnsafeBytes { digest.update($0) } }
}
