import Bundles
import Foundation
import Tasks
import Training

/// All heads of a bundle on its model: each text passes once, and every head says what it reads.
///
/// It is for bundles of parallel adapters (``Composition/parallel(_:)``), whose streams share what lies below the first
/// adapter, and for one adapter with several heads.
///
/// ```swift
/// let bundle = try AdapterBundle(composing: .parallel([.bundle(game), .bundle(role)]))
/// let predictor = try HeadsPredictor(model, bundle)
/// for (head, answer) in zip(predictor.heads, try await predictor.predictions(of: ["A racing game"])[0]) {
///     print(head.name, answer)
/// }
/// ```
/// The answers are those of a ``Predictor`` for each head. Calls run one after the other on a thread of its own.
public final class HeadsPredictor: Sendable {
    let worker: HeadsWorker

    /// The heads, in the order of predictions.
    public let heads: [AdapterBundle.Head]
    /// What a user should know: another language adapter than in training, or a base that could not be verified.
    public let warnings: [Warning]

    /// Builds a predictor. It packs weights, which blocks the caller for some tenths of a second with a small model.
    /// - Parameters:
    ///   - model: The model that the bundle was trained on.
    ///   - bundle: Its heads read the same kind of input (texts, pairs or words) with the same ``AdapterBundle/Head/textPrefix``.
    ///   - options: On which language adapter. ``PredictorOptions/head`` and ``PredictorOptions/task`` have no effect.
    /// - Throws: ``AmalgamError/Kind/otherModel``, ``AmalgamError/Kind/head``, ``AmalgamError/Kind/option``.
    public init(
        _ model: Model, _ bundle: AdapterBundle, options: PredictorOptions = PredictorOptions()
    ) throws(AmalgamError) {
        (worker, warnings) = try options.make(model, bundle) { session, language in
            let predictor = try Training.HeadsPredictor(
                session, bundle: bundle.stored, file: bundle.label, language: language, maxLength: options.maxLength,
                precision: options.precision.stored,
                droppedLayers: options.droppedLayers, answers: options.answers.stored)
            return (HeadsWorker(predictor), predictor.languageWarnings.map { .of(.language, $0) })
        }
        heads = bundle.heads
    }

    /// Predicts for texts.
    /// - Parameter texts: Of any number.
    /// - Returns: For each text what each of ``heads`` says, in order.
    /// - Throws: ``AmalgamError/Kind/head`` if the heads read pairs or words; `CancellationError`.
    public func predictions(of texts: [String]) async throws -> [[HeadPrediction]] {
        try await predictions(texts.enumerated().map { Example(id: $0, text: $1) }, words: false)
    }

    /// Predicts for pairs of texts.
    /// - Parameter pairs: Of any number.
    /// - Returns: For each pair what each of ``heads`` says, in order.
    /// - Throws: ``AmalgamError/Kind/head`` if the heads read single texts or words; `CancellationError`.
    public func predictions(ofPairs pairs: [(String, String)]) async throws -> [[HeadPrediction]] {
        try await predictions(pairs.enumerated().map { Example(id: $0, text: $1.0, pair: $1.1) }, words: false)
    }

    /// Predicts for the words of texts.
    /// - Parameter texts: The words of each text.
    /// - Returns: For each text what each of ``heads`` says, in order; words beyond the maximum length as in
    ///   ``Predictor/tags(of:)``.
    /// - Throws: ``AmalgamError/Kind/head`` if the heads read texts; `CancellationError`.
    public func predictions(ofWords texts: [[String]]) async throws -> [[HeadPrediction]] {
        try await predictions(
            texts.enumerated().map { id, words in
                Example(id: id, text: words.joined(separator: " "), payload: TaggedTokens(tokens: words))
            }, words: true)
    }

    private func predictions(_ examples: [Example], words: Bool) async throws -> [[HeadPrediction]] {
        let labels = heads.map(\.labels)
        return try await worker.predictions(examples, words: words).map { prediction in
            guard case .each(let parts) = prediction else { return [] }
            return zip(labels, parts).compactMap { HeadPrediction($1, labels: $0) }
        }
    }

    /// Predicts records, one result a line, as ``Predictor/predict(_:options:write:)`` does.
    ///
    /// A result has `line` and `heads`, an object with the fields of each head's prediction under the head's name. In CSV,
    /// columns begin with the head's name and a dot.
    /// - Parameters:
    ///   - source: A new one.
    ///   - options: Fields, formats, and what a malformed record does; options of classes act on heads for classes.
    ///   - write: As in ``Predictor/predict(_:options:write:)``.
    /// - Returns: Totals and warnings.
    /// - Throws: As ``Predictor/predict(_:options:write:)``.
    @discardableResult
    public func predict(
        _ source: RecordSource, options: RecordOptions = RecordOptions(),
        write: @escaping @Sendable (_ lines: String) -> Bool
    ) async throws -> RecordSummary {
        try await RecordRun.run(options) { [worker] isCancelled in
            try worker.predict(
                source, textColumn: options.textColumn, options.stored, isCancelled: isCancelled, write: write)
        }
    }
}
