import Models
import Numerics
import Tasks
import Text

/// All that is particular to what a head says of an example, on the way from the example's tokens to the files that hold
/// predictions and scores. There is one folder for each form; `Head.form` chooses.
package protocol OutputForm: Sendable {
    /// What the head predicts, in messages: classes, tags, numbers.
    var name: String { get }
    /// Whether it reads lists of words, not texts.
    var readsWords: Bool { get }
    /// Whether other heads can read the same encoded examples, each for its own targets.
    var sharesTexts: Bool { get }
    /// Whether a student can learn from what a teacher says in this form (`Teaching`).
    var teaches: Bool { get }
    /// What a teacher's results say to a student with the same form, for the loss: a distribution at a temperature for each row that
    /// the student's column counts.
    /// - Parameters:
    ///   - teacher: the teacher's targets of the examples.
    ///   - student: the student's.
    ///   - temperature: T, at which probabilities are taken.
    /// - Returns: [rows, width], the width that of the head's output; NaN where the teacher says nothing. nil: the teacher's answers
    ///   are part of the targets (numbers), or it does not teach
    /// - Throws: `TrainingError.mismatch` if the student reads the examples in another way
    func lesson(
        _ results: HeadResults, of teacher: any TargetColumn, for student: any TargetColumn, temperature: Double
    ) throws(TrainingError) -> [Float]?
    /// Settings of predictions that it takes beside those that all take.
    var settings: Set<PredictionSetting> { get }

    /// An example as the model reads it: one sequence, or several that belong together. By default its words, or its text or
    /// texts.
    /// - Parameters:
    ///   - prefix: stands before each text.
    ///   - maxLength: of a sequence in tokens, including special tokens.
    func encode(
        _ example: Example, _ tokenizer: any Tokenizer, prefix: String, maxLength: Int
    ) -> [WordEncoding]

    /// An example as the model learns from it, by default as it reads it otherwise. A head that compares texts reads those here
    /// that an example is to be like.
    func encodeToLearn(
        _ example: Example, _ tokenizer: any Tokenizer, prefix: String, maxLength: Int
    ) -> [WordEncoding]

    /// What is read beside the examples to predict them, once for all: the documents of a collection. Results have their rows
    /// after those of the examples, in this order.
    func attached(_ examples: [Example]) -> [Example]

    /// Whether each step of a training changes what it reads (`TargetColumn.redraw`).
    var redraws: Bool { get }

    /// Whether the loss compares the examples of a batch with each other.
    var comparesBatch: Bool { get }

    /// What the head is to predict.
    /// - Parameters:
    ///   - examples: with targets as the head's kind of task has them.
    ///   - encoded: the sequences of each example.
    func column(_ examples: [Example], _ encoded: [[WordEncoding]]) -> any TargetColumn

    /// The kind of task whose fields the head reads, whatever task it was trained for; nil: it reads texts or words.
    var kind: String? { get }

    /// The head where a tokenizer is at hand, for predictions that name tokens.
    func named(_ head: any Head, by tokenizer: any Tokenizer) -> any Head

    /// The head with other settings of answers, where it takes them (`settings`).
    func with(_ answers: AnswerSettings, _ head: any Head) -> any Head

    /// What the head reads that an example does not have, such as choices; nil: it has all.
    func lacks(_ example: Example) -> String?

    /// Whether something is chosen on dev when a training ends, such as thresholds.
    var isCalibrated: Bool { get }

    /// The head with what is chosen on dev, and the targets as that head scores them; nil: nothing is chosen. Dev scores of a
    /// training are those of the calibrated head.
    /// - Parameters:
    ///   - results: of the head on dev.
    ///   - column: its targets there.
    func calibrated(
        _ head: any Head, _ results: HeadResults, _ column: any TargetColumn
    ) -> (head: any Head, column: any TargetColumn)?

    /// Turns a row of the head's output into what results hold, such as probabilities.
    /// - Parameter row: as many values as the head's output is wide
    func finish(_ row: UnsafeMutablePointer<Float>, workspace: Workspace)

    /// What the results say of each example.
    /// - Parameter column: the head's targets of the examples.
    func predictions(_ examples: [Example], _ results: HeadResults, _ column: any TargetColumn) -> [Prediction]

    /// How predictions are written.
    func writer(_ settings: PredictionSettings) -> any PredictionForm

    /// The scored examples of a split, for reports and files.
    func rows(_ predicted: SplitPredictions) -> any EvaluatedRows
}

extension OutputForm {
    package var readsWords: Bool { false }
    package var sharesTexts: Bool { true }
    package var teaches: Bool { true }
    package func lesson(
        _ results: HeadResults, of teacher: any TargetColumn, for student: any TargetColumn, temperature: Double
    ) throws(TrainingError) -> [Float]? { nil }

    package var settings: Set<PredictionSetting> { [] }
    package var isCalibrated: Bool { false }
    package var kind: String? { nil }
    package var comparesBatch: Bool { false }
    package var redraws: Bool { false }

    package func attached(_ examples: [Example]) -> [Example] { [] }

    package func encodeToLearn(
        _ example: Example, _ tokenizer: any Tokenizer, prefix: String, maxLength: Int
    ) -> [WordEncoding] { encode(example, tokenizer, prefix: prefix, maxLength: maxLength) }

    package func lacks(_ example: Example) -> String? { nil }

    package func with(_ answers: AnswerSettings, _ head: any Head) -> any Head { head }

    package func named(_ head: any Head, by tokenizer: any Tokenizer) -> any Head { head }

    package func calibrated(
        _ head: any Head, _ results: HeadResults, _ column: any TargetColumn
    ) -> (head: any Head, column: any TargetColumn)? { nil }

    package func encode(
        _ example: Example, _ tokenizer: any Tokenizer, prefix: String, maxLength: Int
    ) -> [WordEncoding] {
        if readsWords { return [tokenizer.encode(words: example.words, prefix: prefix, maxLength: maxLength)] }
        let encoding = tokenizer.encode(
            prefix + example.text, pair: example.pair.map { prefix + $0 }, maxLength: maxLength)
        return [WordEncoding(encoding: encoding, wordOf: [])]
    }
}

/// A setting of predictions that only some forms take.
package enum PredictionSetting: Sendable {
    /// `PredictionSettings.top`
    case top
    /// `PredictionSettings.threshold`
    case threshold
    /// `AnswerSettings`
    case answers
}

extension Head {
    /// The form of what it says. A new one adds its line here.
    package var form: any OutputForm {
        switch (input, output) {
        case (.marked, .classes(let labels)): TagOutput(labels)
        case (_, .classes(let labels)): ClassOutput(labels)
        case (_, .numbers(let scales)): NumberOutput(scales)
        case (_, .arcs(let labels)): TreeOutput(labels)
        case (_, .labelSets(let labels, let thresholds)): LabelSetOutput(labels, thresholds: thresholds)
        case (_, .choices): ChoiceOutput()
        case (_, .spans(let settings)): SpanOutput(settings)
        case (_, .similarity(let range, _)): SimilarityOutput(range)
        case (_, .ranking(let settings, _)): RankingOutput(settings)
        case (_, .clusters): ClusterOutput()
        case (_, .tokens(let settings)): TokenOutput(settings)
        }
    }
}
