import Adapters
import Bundles
import Foundation
import Models
import Numerics
import Tasks

/// A bundle at work: scores and predictions of one of its heads.
package final class Predictor {
    package let head: NamedHead
    /// What messages call the bundle.
    let file: String
    /// The task kind that the head was trained for; nil where the bundle does not say.
    package var kind: String? { head.head.form.kind ?? head.task?.kind }
    let session: Session
    /// What this head reads, for plans of other values than its answers.
    let arrangement: Arrangement
    let precision: Precision
    private let evaluator: BundleEvaluator
    private let maxLength: Int

    /// What a user should know: another language adapter than the bundle was trained with.
    package let languageWarnings: [String]
    /// What a user should know: another task than the head was trained for.
    package let headWarnings: [String]

    /// - Parameters:
    ///   - file: what messages call the bundle; nil: its name.
    ///   - language: what its adapters are stacked on; nil: the bare base.
    ///   - name: of the head, or of its task; nil: the task's, or the only one.
    ///   - task: what is scored; nil: texts without a task.
    ///   - maxLength: nil: as in training.
    ///   - droppedLayers: in how many of the lowest layers adapters do nothing.
    ///   - answers: of a head that answers questions.
    /// - Throws: `BundleError.head` where the bundle has no such head, or one for another kind of task;
    ///   `TrainingError.setting` for a precision that the processor does not have, for more layers than there are, or for settings
    ///   of answers that the head does not take.
    package init(
        _ session: Session, bundle: AdapterBundle, file: String? = nil, language: LanguageAdapter? = nil,
        head name: String? = nil, task: HeadTask? = nil, maxLength: Int? = nil, precision: Precision = .float32,
        droppedLayers: Int = 0, answers: AnswerSettings = AnswerSettings()
    ) throws {
        try precision.validate()
        if let maxLength { try TrainingSettings.validate(maxLength: maxLength) }
        let file = file ?? bundle.name
        let choice = try bundle.head(named: name, for: task, file: file)
        let index = choice.index
        languageWarnings = [bundle.warning(on: language, file: file)].compactMap { $0 }
        headWarnings = choice.warnings
        self.session = session
        self.file = file
        try answers.check([bundle.heads[index]])
        head = session.named(answers.head(bundle.heads[index]))
        var arrangement = Arrangement(model: session.model, bundle: bundle)
        if let language { arrangement.stack(on: language) }
        try arrangement.dropLayers(droppedLayers)
        self.precision = precision
        evaluator = try BundleEvaluator(
            arrangement, heads: [index], precision: precision, workspace: session.workspace)
        arrangement.composition = try arrangement.composition?.serving(head.name)
        self.arrangement = arrangement
        // What was packed need not stay in memory from the file too
        session.model.releasePages()
        self.maxLength = maxLength ?? bundle.provenance.maxLength ?? Self.standardLength
    }

    /// Tokens of a text at most, where neither the user nor the bundle says.
    static let standardLength = 128

    /// Scores examples whose labels are the head's, or unknown to it.
    package func evaluate(_ examples: [Example], metric: any Metric.Type) -> Evaluation {
        let encoded = encoded(examples)
        return Evaluation(results(encoded), encoded.columns[0], metric: metric)
    }

    /// The number of texts that the bundle is for (`BatchSplit`); nil: any number, in any order.
    package var batchSize: Int? { evaluator.batchSize }

    /// Refuses another number of texts than the bundle is for.
    /// - Throws: `AdapterError.composition`
    package func check(count: Int) throws(AdapterError) { try evaluator.check(count) }

    /// What the head says of encoded examples.
    func results(_ examples: EncodedExamples) -> HeadResults { evaluator.results(examples)[0] }

    /// Examples as the head reads them.
    package func encoded(_ examples: [Example]) -> EncodedExamples {
        session.encode(
            [(head.head, examples)], maxLength: maxLength, prefix: head.head.textPrefix,
            taken: arrangement.takenPositions)
    }
}

extension Provenance {
    /// Tokens of a text at most in the training; nil: unknown.
    package var maxLength: Int? {
        guard case .map(let settings)? = ConfigurationValue(json: settings),
            case .number(let length)? = settings["max_length"], let length = Int(exactly: length), length > 2
        else { return nil }
        return length
    }
}
