import Bundles
import Foundation
import Tasks

/// What a head predicts for the examples of a split, beside the true answers.
package struct SplitPredictions: Sendable {
    package let examples: [Example]
    /// For each example.
    package let predictions: [Prediction]
    /// For each example the sum of its losses, and how many predictions the sum covers: a text has one, or one for each
    /// word with a known tag, or none.
    package let losses: [(sum: Double, count: Int)]
    /// The mean over all of these predictions; NaN if there are none.
    package let meanLoss: Double
    /// Answers to the examples that can be scored.
    package let answers: any Answers
    /// Indices of these examples, in the answers' order.
    package let scored: [Int]
    /// Scored examples with a label that the head does not know.
    package let unknownLabels: Int
    /// Examples that are longer than the maximum length.
    package let truncated: Int
    /// The head's labels; empty for numbers.
    package let labels: [String]
    /// What the head's predictions took, texts to tokens included.
    package let seconds: Double
    /// Of the head.
    let form: any OutputForm

    /// Scores of all answers.
    /// - Parameter metric: the task's own
    package func evaluation(metric: any Metric.Type) -> Evaluation {
        Evaluation(answers, unknownLabels: unknownLabels, loss: meanLoss, metric: metric)
    }
}

extension Predictor {
    /// What the head predicts for a split's examples.
    package func predicted(_ examples: [Example]) -> SplitPredictions {
        let start = DispatchTime.now().uptimeNanoseconds
        let encoded = encoded(examples)
        let results = results(encoded)
        let seconds = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
        let answers = encoded.columns[0].answers(results)
        return SplitPredictions(
            examples: examples, predictions: head.head.form.predictions(examples, results, encoded.columns[0]),
            losses: results.losses.map { ($0.sum, $0.targets) }, meanLoss: results.meanLoss, answers: answers.answers,
            scored: answers.scored,
            unknownLabels: answers.unknown, truncated: encoded.truncated, labels: head.head.labels, seconds: seconds,
            form: head.head.form)
    }

    /// What the head predicts for each example, in order, and how many examples were truncated.
    package func predictions(_ examples: [Example]) -> (predictions: [Prediction], truncated: Int) {
        let encoded = encoded(examples)
        return (head.head.form.predictions(examples, results(encoded), encoded.columns[0]), encoded.truncated)
    }

    /// For a head of classes: the probability of each class for each text, in order.
    package func probabilities(_ examples: [Example]) -> [[Float]] {
        predictions(examples).predictions.compactMap {
            if case .classes(let probabilities) = $0 { probabilities } else { nil }
        }
    }
}
