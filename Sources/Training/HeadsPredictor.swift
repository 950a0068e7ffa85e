import Adapters
import Bundles
import Files
import Models
import Numerics
import Tasks

/// Several heads of a bundle at work on the same texts, in one pass: those of parallel adapters, or of one adapter.
package final class HeadsPredictor {
    package let heads: [NamedHead]
    /// What messages call the bundle.
    let file: String
    private let session: Session
    private let evaluator: BundleEvaluator
    private let maxLength: Int
    private let takenPositions: Int
    /// What a user should know: another language adapter than the bundle was trained with.
    package let languageWarnings: [String]

    /// - Parameters:
    ///   - file: what messages call the bundle; nil: its name.
    ///   - language: what its adapters are stacked on; nil: the bare base.
    ///   - maxLength: nil: as in training.
    ///   - droppedLayers: in how many of the lowest layers adapters do nothing.
    ///   - answers: of heads that answer questions.
    /// - Throws: `BundleError.head` for a bundle without heads, or with heads that do not read the same texts;
    ///   `TrainingError.setting` for a precision that the processor does not have, for more layers than there are, or for settings
    ///   of answers that no head takes.
    package init(
        _ session: Session, bundle: AdapterBundle, file: String? = nil, language: LanguageAdapter? = nil,
        maxLength: Int? = nil, precision: Precision = .float32, droppedLayers: Int = 0,
        answers: AnswerSettings = AnswerSettings()
    ) throws {
        try precision.validate()
        if let maxLength { try TrainingSettings.validate(maxLength: maxLength) }
        let file = file ?? bundle.name
        try Self.check(bundle.heads, file: file)
        languageWarnings = [bundle.warning(on: language, file: file)].compactMap { $0 }
        self.session = session
        self.file = file
        try answers.check(bundle.heads)
        heads = bundle.heads.map { session.named(answers.head($0)) }
        var arrangement = Arrangement(model: session.model, bundle: bundle)
        if let language { arrangement.stack(on: language) }
        try arrangement.dropLayers(droppedLayers)
        evaluator = try BundleEvaluator(
            arrangement, heads: Array(bundle.heads.indices), precision: precision, workspace: session.workspace)
        takenPositions = arrangement.takenPositions
        // What was packed need not stay in memory from the file too
        session.model.releasePages()
        self.maxLength = maxLength ?? bundle.provenance.maxLength ?? Predictor.standardLength
    }

    /// Heads read the same tokens only if they begin their texts alike and read the same kind of input.
    private static func check(_ heads: [NamedHead], file: String) throws(BundleError) {
        guard let first = heads.first else {
            throw .head(
                file: file, problem: "the bundle has no head",
                fix: "train one with amalgam train-adapter --init-from \(file)")
        }
        func words(_ head: NamedHead) -> String {
            head.head.form.readsWords ? "words" : head.readsPairs == true ? "pairs of texts" : "texts"
        }
        for head in heads {
            let problem: String
            if heads.count > 1, !head.head.form.sharesTexts {
                problem = "head \(head.name) reads a text in a way of its own, and the bundle has \(heads.count) heads"
            } else if words(head) != words(first) {
                problem = "head \(first.name) reads \(words(first)), and \(head.name) \(words(head))"
            } else if head.head.textPrefix != first.head.textPrefix {
                problem =
                    "head \(first.name) puts \"\(first.head.textPrefix)\" before each text, and \(head.name) "
                    + "\"\(head.head.textPrefix)\""
            } else {
                continue
            }
            throw .head(file: file, problem: problem, fix: "choose one with --head")
        }
    }

    /// The kind of task that records are read as; nil where no head says.
    package var kind: String? { heads[0].head.form.kind ?? heads.lazy.compactMap { $0.task?.kind }.first }
    /// Whether they read words.
    package var readsWords: Bool { heads[0].head.form.readsWords }

    /// The number of texts that the bundle is for (`BatchSplit`); nil: any number, in any order.
    package var batchSize: Int? { evaluator.batchSize }

    /// Refuses another number of texts than the bundle is for.
    /// - Throws: `AdapterError.composition`
    package func check(count: Int) throws(AdapterError) { try evaluator.check(count) }

    /// What each head predicts for each example (`Prediction.each`), in order, and how many examples were truncated.
    package func predictions(_ examples: [Example]) -> (predictions: [Prediction], truncated: Int) {
        let encoded = session.encode(
            heads.map { ($0.head, examples) }, maxLength: maxLength, prefix: heads[0].head.textPrefix,
            taken: takenPositions)
        let each = zip(heads, evaluator.results(encoded)).enumerated().map { n, head in
            head.0.head.form.predictions(examples, head.1, encoded.columns[n])
        }
        return (examples.indices.map { i in .each(each.map { $0[i] }) }, encoded.truncated)
    }
}
