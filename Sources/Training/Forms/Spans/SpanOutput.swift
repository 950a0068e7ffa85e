import Models
import Numerics
import Tasks
import Text

/// A part of a context as the answer to a question. A long context is several windows, which are one example's sequences.
package struct SpanOutput: OutputForm {
    private let spans: SpanSettings

    package init(_ settings: SpanSettings) { spans = settings }

    package let name = "answers"
    package let sharesTexts = false
    package let kind: String? = QuestionAnswering.name
    package let settings: Set<PredictionSetting> = [.top, .answers]
    package var isCalibrated: Bool { spans.hasUnanswerable }

    package func with(_ answers: AnswerSettings, _ head: any Head) -> any Head {
        (head as? SpanHead)?.with(answers) ?? head
    }

    package func lacks(_ example: Example) -> String? { example.pair == nil ? "a context" : nil }

    /// The prefix stands before the question.
    package func encode(
        _ example: Example, _ tokenizer: any Tokenizer, prefix: String, maxLength: Int
    ) -> [WordEncoding] {
        tokenizer.encodeWindows(
            prefix + example.text, pair: example.pair ?? "", maxLength: maxLength, stride: spans.stride
        ).map { WordEncoding(encoding: $0, wordOf: []) }
    }

    package func column(_ examples: [Example], _ encoded: [[WordEncoding]]) -> any TargetColumn {
        SpanColumn(examples, encoded, settings: spans)
    }

    /// Logits stay as they are: they compete over an example's windows.
    package func finish(_ row: UnsafeMutablePointer<Float>, workspace: Workspace) {}

    package func calibrated(
        _ head: any Head, _ results: HeadResults, _ column: any TargetColumn
    ) -> (head: any Head, column: any TargetColumn)? {
        guard let head = head as? SpanHead, let column = column as? SpanColumn,
            let chosen = column.calibrated(results)
        else { return nil }
        return (head.with(threshold: chosen.threshold), chosen.column)
    }

    package func predictions(
        _ examples: [Example], _ results: HeadResults, _ column: any TargetColumn
    ) -> [Prediction] {
        guard let column = column as? SpanColumn else { preconditionFailure("a column of another form") }
        return column.predictions(results).map { .span($0) }
    }

    /// Of each window the distributions of the start and of the end.
    package func lesson(
        _ results: HeadResults, of teacher: any TargetColumn, for student: any TargetColumn, temperature: Double
    ) throws(TrainingError) -> [Float]? {
        guard let teacher = teacher as? SpanColumn, let student = student as? SpanColumn else { return nil }
        guard teacher.hasWindows(of: student) else {
            throw .mismatch(
                "the teacher reads contexts in other windows than the student; give both the same --max-length and --doc-stride"
            )
        }
        return student.softened(results.values, temperature)
    }

    package func writer(_ settings: PredictionSettings) -> any PredictionForm { SpanForm(top: settings.top) }

    package func rows(_ predicted: SplitPredictions) -> any EvaluatedRows { SpanDetails(predicted) }
}
