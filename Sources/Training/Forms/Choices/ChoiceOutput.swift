import Foundation
import Models
import Numerics
import Tasks
import Text

/// One of several choices for each question. Each choice is a sequence of its own, with the question and, if there is one, the
/// context (`Choices.sequences`).
package struct ChoiceOutput: OutputForm {
    package init() {}

    package let name = "choices"
    package let sharesTexts = false
    package let kind: String? = MultipleChoice.name

    package func encode(
        _ example: Example, _ tokenizer: any Tokenizer, prefix: String, maxLength: Int
    ) -> [WordEncoding] {
        guard let choices = example.choices else { preconditionFailure("an example without choices (see lacks)") }
        return choices.sequences.map { text, pair in
            WordEncoding(
                encoding: tokenizer.encode(prefix + text, pair: prefix + pair, maxLength: maxLength), wordOf: [])
        }
    }

    package func lacks(_ example: Example) -> String? { example.choices == nil ? "a question with choices" : nil }

    package func column(_ examples: [Example], _ encoded: [[WordEncoding]]) -> any TargetColumn {
        ChoiceColumn(examples)
    }

    /// Choices compete with those of their question alone, so that rows stay logits.
    package func finish(_ row: UnsafeMutablePointer<Float>, workspace: Workspace) {}

    /// The logit of each choice of a question.
    static func logits(_ results: HeadResults, _ i: Int) -> [Float] { results.rows(i).flatMap { results.row($0) } }

    package func predictions(
        _ examples: [Example], _ results: HeadResults, _ column: any TargetColumn
    ) -> [Prediction] {
        examples.indices.map { i in
            let logits = Self.logits(results, i).map { Double($0) }
            let top = logits.max() ?? 0
            let shares = logits.map { exp($0 - top) }
            let sum = shares.reduce(0, +)
            return .choice(shares.map { Float($0 / sum) })
        }
    }

    /// Over the choices of each question.
    package func lesson(
        _ results: HeadResults, of teacher: any TargetColumn, for student: any TargetColumn, temperature: Double
    ) throws(TrainingError) -> [Float]? {
        results.losses.indices.flatMap { Softened.logits(Self.logits(results, $0), temperature) }
    }

    package func writer(_ settings: PredictionSettings) -> any PredictionForm { ChoiceForm() }

    package func rows(_ predicted: SplitPredictions) -> any EvaluatedRows { ChoiceDetails(predicted) }
}
