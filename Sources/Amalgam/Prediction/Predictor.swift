import Bundles
import Foundation
import Models
import Tasks
import Training

/// Everything that shapes predictions beside the bundle.
public struct PredictorOptions: Sendable {
    /// The head's name; nil (default) for that of ``task``, or the only one.
    public var head: String?
    /// The task that will be scored; nil (default) for none. It chooses the head of its name among several.
    public var task: TextTask?
    /// The language adapter to put below the bundle; nil (default) for none.
    public var language: AdapterBundle?
    /// Longest text in tokens, special tokens included; nil (default) for the training's.
    public var maxLength: Int?
    /// Precision of products with frozen weights; default float32.
    public var precision = Precision.float32
    /// In how many of the lowest layers all adapters are dropped (AdapterDrop, Rücklé et al. 2021), 0 to the model's layers;
    /// default 0. Predictions differ and are made faster; parallel adapters share these layers.
    public var droppedLayers = 0
    /// How questions about contexts are read and answered; nil fields (default) as in training.
    public var answers = AnswerOptions()
    /// Whether a bundle of another model or tokenizer is accepted if all shapes agree; default false.
    public var allowsOtherModel = false
    /// Number of threads; nil (default) for the model's. Results do not depend on it.
    public var threads: Int?

    /// Creates the defaults.
    public init() {}
}

extension PredictorOptions {
    /// Checks the options and the bundle against a model.
    /// - Returns: the language adapter, and warnings
    func prepare(_ model: Model, _ bundle: AdapterBundle) throws -> (LanguageAdapter?, [Warning]) {
        if let threads, !(1...1024).contains(threads) {
            throw TrainingError.setting(name: "threads", found: "\(threads)", expected: "1 to 1024")
        }
        var warnings = try model.check(bundle, allowsOtherModel: allowsOtherModel)
        let adapter = try language.map {
            try model.languageAdapter($0, allowsOtherModel) { warnings += $0 }
        }
        return (adapter, warnings)
    }

    /// A worker on a session of its own, with these options, and what a user should know.
    func make<Worker>(
        _ model: Model, _ bundle: AdapterBundle,
        _ worker: (Session, LanguageAdapter?) throws -> (Worker, warnings: [Warning])
    ) throws(AmalgamError) -> (Worker, [Warning]) {
        try translated {
            let (language, warnings) = try prepare(model, bundle)
            let (worker, more) = try worker(model.session(threads: threads), language)
            return (worker, warnings + more)
        }
    }
}

/// A head of a bundle on its model, ready to predict and to score.
///
/// Build it once and use it from any task: calls run one after the other on a thread of the predictor's own, each with all
/// of its threads. Several predictors of one model share the weights and run at the same time.
public final class Predictor: Sendable {
    let worker: PredictionWorker

    /// The head.
    public let head: AdapterBundle.Head
    /// What a user should know: another language adapter or task than in training, or a base that could not be verified.
    public let warnings: [Warning]

    /// Builds a predictor. It packs weights, which blocks the caller for some tenths of a second with a small model.
    /// - Parameters:
    ///   - model: The model that the bundle was trained on.
    ///   - bundle: With at least one head.
    ///   - options: Which head, on which language adapter.
    /// - Throws: ``AmalgamError/Kind/otherModel``, ``AmalgamError/Kind/head``, ``AmalgamError/Kind/option``.
    public init(
        _ model: Model, _ bundle: AdapterBundle, options: PredictorOptions = PredictorOptions()
    ) throws(AmalgamError) {
        (worker, warnings) = try options.make(model, bundle) { session, language in
            let predictor = try Training.Predictor(
                session, bundle: bundle.stored, file: bundle.label,
                language: language, head: options.head, task: options.task?.headTask, maxLength: options.maxLength,
                precision: options.precision.stored, droppedLayers: options.droppedLayers,
                answers: options.answers.stored)
            let worker = PredictionWorker(
                predictor, bundle: bundle.label, model: model.name, isHeadNamed: options.head != nil)
            return (worker, worker.languageWarnings + predictor.headWarnings.map { .of(.head, $0) })
        }
        head = AdapterBundle.Head(worker.head)
    }

    /// The head's classes or tags in the order of probabilities, or the labels of its arcs; empty for numbers.
    public var labels: [String] { head.labels }

    /// Classifies texts.
    /// - Parameter texts: Of any number.
    /// - Returns: A prediction for each text, in order.
    /// - Throws: ``AmalgamError/Kind/head`` if the head does not predict classes of single texts; `CancellationError`.
    public func classes(of texts: [String]) async throws -> [ClassPrediction] {
        try await classes(texts.enumerated().map { Example(id: $0, text: $1) })
    }

    /// Classifies pairs of texts.
    /// - Parameter pairs: Of any number.
    /// - Returns: A prediction for each pair, in order.
    /// - Throws: ``AmalgamError/Kind/head`` if the head does not predict classes of pairs; `CancellationError`.
    public func classes(ofPairs pairs: [(String, String)]) async throws -> [ClassPrediction] {
        try await classes(pairs.enumerated().map { Example(id: $0, text: $1.0, pair: $1.1) })
    }

    private func classes(_ examples: [Example]) async throws -> [ClassPrediction] {
        let labels = labels
        return try await worker.predictions(examples, of: "classes").compactMap {
            if case .classes(let probabilities) = $0 { ClassPrediction(labels: labels, probabilities) } else { nil }
        }
    }

    /// Tags words.
    /// - Parameter texts: The words of each text.
    /// - Returns: A tag for each word of each text. Words beyond the maximum length get `O`, or an empty text if the head
    ///   has no `O`.
    /// - Throws: ``AmalgamError/Kind/head`` if the head does not predict tags; `CancellationError`.
    public func tags(of texts: [[String]]) async throws -> [[String]] {
        let examples = texts.enumerated().map { id, words in
            Example(id: id, text: words.joined(separator: " "), payload: TaggedTokens(tokens: words))
        }
        return try await worker.predictions(examples, of: "tags").compactMap {
            if case .tags(let tags) = $0 { tags } else { nil }
        }
    }

    /// Parses sentences.
    /// - Parameter sentences: The words of each sentence.
    /// - Returns: An arc for each word of each sentence: a tree with one root. Words beyond the maximum length are attached to the
    ///   word before them.
    /// - Throws: ``AmalgamError/Kind/head`` if the head does not predict trees; `CancellationError`.
    public func trees(of sentences: [[String]]) async throws -> [[DependencyArc]] {
        let examples = sentences.enumerated().map { id, words in
            Example(id: id, text: words.joined(separator: " "), payload: ParsedTokens(tokens: words))
        }
        return try await worker.predictions(examples, of: "trees").compactMap {
            if case .arcs(let arcs) = $0 { arcs.map { DependencyArc($0) } } else { nil }
        }
    }

    /// Predicts numbers for texts.
    /// - Parameter texts: Of any number.
    /// - Returns: One number or several for each text, in the units of the training data.
    /// - Throws: ``AmalgamError/Kind/head`` if the head does not predict numbers; `CancellationError`.
    public func numbers(of texts: [String]) async throws -> [[Double]] {
        try await numbers(texts.enumerated().map { Example(id: $0, text: $1) })
    }

    /// Predicts numbers for pairs of texts.
    /// - Parameter pairs: Of any number.
    /// - Returns: One number or several for each pair, in the units of the training data.
    /// - Throws: ``AmalgamError/Kind/head`` if the head does not predict numbers; `CancellationError`.
    public func numbers(ofPairs pairs: [(String, String)]) async throws -> [[Double]] {
        try await numbers(pairs.enumerated().map { Example(id: $0, text: $1.0, pair: $1.1) })
    }

    private func numbers(_ examples: [Example]) async throws -> [[Double]] {
        try await worker.predictions(examples, of: "numbers").compactMap {
            if case .numbers(let numbers) = $0 { numbers.map { Double($0) } } else { nil }
        }
    }

    /// Scores a split of a task, with 95 % intervals.
    /// - Parameters:
    ///   - task: Of the kind that the head was trained for. The head's labels decide; others count as wrong, unless
    ///     ``TextTask/unknownLabels`` says otherwise.
    ///   - split: Default test.
    ///   - seed: Of the intervals' resamples, 0 or more.
    /// - Returns: Metrics, intervals, classes and confusions.
    /// - Throws: ``AmalgamError/Kind/head`` for a task of another kind, ``AmalgamError/Kind/noExamples``, what the task's data
    ///   throws; `CancellationError`.
    public func evaluate(on task: TextTask, split: Split = .test, seed: Int = 0) async throws -> Evaluation {
        guard seed >= 0 else {
            throw AmalgamError(TrainingError.setting(name: "seed", found: "\(seed)", expected: "0 or more"))
        }
        return try await worker.evaluate(task, split: split, seed: UInt64(seed))
    }
}
