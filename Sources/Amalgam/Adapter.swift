import Bundles
import Foundation
import Tasks
import Training

/// A trained adapter or fusion with its head, on its model.
public final class Adapter {
    let bundle: AdapterBundle
    /// The language adapter under this adapter.
    let language: LanguageAdapter?
    private let session: Session

    /// Warnings from training or loading, one line each: for example skipped rows, a base model that could not be verified,
    /// or a language adapter other than the one in training. The command prints the same lines.
    public let warnings: [String]

    init(bundle: AdapterBundle, language: LanguageAdapter?, session: Session, warnings: [String]) {
        self.bundle = bundle
        self.language = language
        self.session = session
        self.warnings = warnings
    }

    /// The adapter's name: the name of its task or of its language.
    public var name: String { bundle.name }

    /// The classes, in the order of a prediction's probabilities. Empty for a language adapter, which has no head.
    public var labels: [String] { bundle.heads.first?.head.labels ?? [] }

    /// The predicted class of a text, with the probabilities of all classes.
    public struct Prediction: Sendable, Equatable {
        /// The most likely class.
        public let label: String
        /// The probability of each class, in the order of `labels`. They add up to 1.
        public let probabilities: [Float]
    }

    /// Classifies texts, in order.
    /// - Throws: an error if the bundle has no head, or if its head was trained on pairs of texts.
    public func predict(_ texts: [String]) throws -> [Prediction] {
        try predict(texts.enumerated().map { Example(id: $0, text: $1) })
    }

    /// Classifies pairs of texts, in order.
    /// - Throws: an error if the bundle has no head, or if its head was trained on single texts.
    public func predict(pairs: [(String, String)]) throws -> [Prediction] {
        try predict(pairs.enumerated().map { Example(id: $0, text: $1.0, pair: $1.1) })
    }

    private func predict(_ examples: [Example]) throws -> [Prediction] {
        try predictions(examples, of: "classes").compactMap { prediction in
            guard case .classes(let probabilities) = prediction else { return nil }
            return Prediction(label: labels[prediction.best], probabilities: probabilities)
        }
    }

    /// Tags the words of texts, in order: one tag for each word. Words beyond the maximum length get the tag O.
    /// - Throws: an error if the bundle has no head, or if its head was not trained for tagging.
    public func tags(_ texts: [[String]]) throws -> [[String]] {
        let examples = texts.enumerated().map { id, words in
            Example(id: id, text: words.joined(separator: " "), payload: TaggedTokens(tokens: words))
        }
        return try predictions(examples, of: "tags").compactMap { if case .tags(let tags) = $0 { tags } else { nil } }
    }

    /// Predicts the numbers of texts, in order: one or several for each text.
    /// - Throws: an error if the bundle has no head, or if its head was not trained for regression on single texts.
    public func numbers(_ texts: [String]) throws -> [[Double]] {
        try numbers(texts.enumerated().map { Example(id: $0, text: $1) })
    }

    /// Predicts the numbers of pairs of texts, in order.
    /// - Throws: an error if the bundle has no head, or if its head was not trained for regression on pairs.
    public func numbers(pairs: [(String, String)]) throws -> [[Double]] {
        try numbers(pairs.enumerated().map { Example(id: $0, text: $1.0, pair: $1.1) })
    }

    private func numbers(_ examples: [Example]) throws -> [[Double]] {
        try predictions(examples, of: "numbers").compactMap {
            if case .numbers(let all) = $0 { all.map { Double($0) } } else { nil }
        }
    }

    /// - Parameter form: what the caller expects: classes, tags or numbers
    private func predictions(_ examples: [Example], of form: String) throws -> [Training.Prediction] {
        let predictor = try Predictor(session, bundle: bundle, language: language)
        try predictor.check(examples)
        guard predictor.form == form else {
            throw BundleError.head(
                file: bundle.name, problem: "head \(predictor.head.name) predicts \(predictor.form), not \(form)",
                fix: "call predict for classes, tags for tags, or numbers for numbers")
        }
        return predictor.predictions(examples).predictions
    }

    /// The scores on a split.
    public struct Scores: Sendable, Equatable {
        /// Number of scored rows. It includes rows with a label that the head does not know, which count as wrong.
        public let examples: Int
        /// Number of rows with a label that the head does not know.
        public let unknownLabels: Int
        /// Number of rows that were not scored because they have no label.
        public let skipped: Int
        /// Name of the task's own metric, such as `accuracy`, `entity_f1` or `pearson`.
        public let metric: String
        /// Value of the task's own metric; NaN if it is undefined, as a correlation with a constant is.
        public let score: Double
        /// All metrics that fit the kind of task, by name.
        public let metrics: [String: Double]
        /// Mean loss of the examples whose answer the head knows (cross-entropy in nats, or squared error); NaN if there are
        /// none.
        public let loss: Double
        /// Warnings about these scores, one line each.
        public let warnings: [String]
    }

    /// Scores a task's split.
    /// - Parameters:
    ///   - task: a task's YAML, or a folder.
    ///   - split: `train`, `dev` or `test`.
    /// - Throws: an error whose description names the file, the field and a fix; for example, if the head was trained for
    ///   another kind of task.
    public func evaluate(on task: String, split: String = "test") throws -> Scores {
        guard let split = Split(rawValue: split) else {
            throw TrainingError.setting(name: "split", found: split, expected: "train, dev or test")
        }
        let definition = try TaskDefinition.load(URL(fileURLWithPath: task))
        let predictor = try Predictor(
            session, bundle: bundle, language: language,
            task: HeadTask(name: definition.name, kind: definition.kind))
        let data = try TaskData.load(
            definition, splits: [split], labels: KnownLabels(labels, source: .bundle(file: bundle.name)))
        let scores = predictor.evaluate(data[split], metric: try Metrics.standard.metric(of: data.definition))
        return Scores(
            examples: scores.examples, unknownLabels: scores.unknownLabels,
            skipped: data.skipped[split]?.count ?? 0, metric: scores.metric, score: scores[scores.metric],
            metrics: scores.metrics, loss: scores.loss, warnings: predictor.warnings + data.warnings)
    }

    /// The share of a task's test texts that are classified correctly. For more scores, use `evaluate(on:)`.
    public func accuracy(on task: String) throws -> Double { try evaluate(on: task).metrics["accuracy"] ?? .nan }

    /// Writes the bundle to a file. The file is written completely or not at all.
    /// - Throws: an error that says why the file cannot be written.
    public func save(to file: String) throws { try BundleFile.write(bundle, to: URL(fileURLWithPath: file)) }
}
