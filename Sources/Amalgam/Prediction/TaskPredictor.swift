import Bundles
import Foundation
import Models
import Training

/// The heads of a bundle on its model, each for the records of its own task: a record names its head.
///
/// It is for bundles with heads of several tasks, such as multi-task compositions (``Composition/multitask(_:tasks:)``). Parallel
/// adapters, whose heads all answer every text, have a ``HeadsPredictor``.
///
/// ```swift
/// let bundle = try AdapterBundle(composing: .multitask([.bundle(game), .bundle(role)]))
/// let predictor = try TaskPredictor(model, bundle)
/// let records = try RecordSource(contentsOf: URL(fileURLWithPath: "mixed.jsonl"))  // {"text": …, "task": "game"}
/// try await predictor.predict(records) { lines in print(lines, terminator: ""); return true }
/// ```
/// The answers are those of a ``Predictor`` for each head. Calls run one after the other on a thread of its own.
public final class TaskPredictor: Sendable {
    private let worker: TaskWorker

    /// The heads.
    public let heads: [AdapterBundle.Head]
    /// What a user should know: another language adapter than in training, or a base that could not be verified.
    public let warnings: [Warning]

    /// Builds a predictor of each head. They share the model's weights.
    /// - Parameters:
    ///   - model: The model that the bundle was trained on.
    ///   - bundle: With at least one head.
    ///   - options: On which language adapter. ``PredictorOptions/head`` and ``PredictorOptions/task`` have no effect.
    /// - Throws: ``AmalgamError/Kind/otherModel``, ``AmalgamError/Kind/head``, ``AmalgamError/Kind/option``.
    public init(
        _ model: Model, _ bundle: AdapterBundle, options: PredictorOptions = PredictorOptions()
    ) throws(AmalgamError) {
        (worker, warnings) = try options.make(model, bundle) { session, language in
            let answers = options.answers.stored
            try answers.check(bundle.stored.heads)
            let worker = TaskWorker(
                try bundle.stored.heads.map {
                    try Training.Predictor(
                        session, bundle: bundle.stored, file: bundle.label, language: language, head: $0.name,
                        maxLength: options.maxLength, precision: options.precision.stored,
                        droppedLayers: options.droppedLayers,
                        answers: $0.head.form.settings.contains(.answers) ? answers : AnswerSettings())
                })
            return (worker, worker.languageWarnings)
        }
        heads = bundle.heads
    }

    /// Predicts records, one result a line, as ``Predictor/predict(_:options:write:)`` does.
    ///
    /// A result has `line`, `head` (the name of the head that answered), and the fields of that head's prediction.
    /// - Parameters:
    ///   - source: A new one, of records with fields.
    ///   - taskField: The field that has the name of the record's head.
    ///   - options: Fields, and what a malformed record does, among them one without a task. Options of classes act on heads for
    ///     classes. The output is JSON Lines: heads of several tasks have different columns.
    ///   - write: As in ``Predictor/predict(_:options:write:)``.
    /// - Returns: Totals and warnings.
    /// - Throws: As ``Predictor/predict(_:options:write:)``.
    @discardableResult
    public func predict(
        _ source: RecordSource, taskField: String = "task", options: RecordOptions = RecordOptions(),
        write: @escaping @Sendable (_ lines: String) -> Bool
    ) async throws -> RecordSummary {
        try await RecordRun.run(options) { [worker] isCancelled in
            try worker.predict(
                source, field: taskField, textColumn: options.textColumn, options.stored, isCancelled: isCancelled,
                write: write)
        }
    }
}
