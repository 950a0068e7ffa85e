import Adapters
import Foundation
import Tasks
import Training

/// A predictor of the targets below, of one head or of several.
protocol ExamplesPredictor: AnyObject {
    /// The kind of task that records are read as; nil where no head says.
    var kind: String? { get }
    var readsWords: Bool { get }
    /// nil: single texts and pairs.
    var readsPairs: Bool? { get }
    /// The number of texts that the bundle is for; nil: any number, in any order.
    var batchSize: Int? { get }

    /// - Throws: `AdapterError.composition` for another number of texts than the bundle is for
    func check(count: Int) throws(AdapterError)
    /// A prediction for each example, in order, and how many were truncated.
    func predictions(_ examples: [Example]) -> (predictions: [Prediction], truncated: Int)
}

extension Training.Predictor: ExamplesPredictor {
    var readsWords: Bool { head.head.form.readsWords }
    var readsPairs: Bool? { head.readsPairs }
}

extension Training.HeadsPredictor: ExamplesPredictor {
    var readsPairs: Bool? { heads[0].readsPairs }
}

extension ExamplesPredictor {
    /// The fields that records have their texts in; nil: the first record decides.
    /// - Throws: `TaskError.badValue` if the number of columns does not fit
    func recordInput(columns: String?) throws(TaskError) -> PredictionInput? {
        try .named(kind: kind ?? (readsWords ? Tagging.name : nil), pairs: readsPairs, columns: columns)
    }
}

/// A predictor that one thread at a time uses, on a queue.
protocol QueuedPredictor: AnyObject, Sendable {
    associatedtype Engine: ExamplesPredictor
    var queue: DispatchQueue { get }
    var predictor: Engine { get }
}

extension QueuedPredictor {
    /// Predicts in portions of 4,096 texts; between two of them a call can be cancelled.
    /// - Parameter check: of each portion, on the queue; also of none, if there are no examples
    func predictions(
        _ examples: [Example], check: @escaping @Sendable ([Example]) throws -> Void
    ) async throws -> [Prediction] {
        var all: [Prediction] = []
        all.reserveCapacity(examples.count)
        try translated { try predictor.check(count: examples.count) }
        // Texts whose order matters belong together
        let size = predictor.batchSize == nil ? 4096 : max(1, examples.count)
        for start in stride(from: 0, to: max(1, examples.count), by: size) {
            let portion = Array(examples[start..<min(start + size, examples.count)])
            all += try await Background.run(on: queue) { [self] () -> [Prediction] in
                try check(portion)
                return portion.isEmpty ? [] : predictor.predictions(portion).predictions
            }
        }
        return all
    }

    /// Predicts a stream of records on the caller's thread, which may wait for them. Only the predictions of a portion occupy
    /// the queue, so that other calls go on meanwhile.
    /// - Parameters:
    ///   - textColumn: the field with the texts; nil: by the head.
    ///   - write: takes complete lines; returning false ends the run.
    /// - Throws: `TaskError`, `FileError`, `TrainingError.setting`, `CancellationError`
    func predict(
        _ source: RecordSource, textColumn: String?, form: any PredictionForm, _ settings: PredictionSettings,
        isCancelled: () -> Bool, write: (String) -> Bool
    ) throws -> PredictionStream.Summary {
        try RecordRun.stream(
            source, to: [predictor], textColumn: textColumn, form: form, settings, isCancelled: isCancelled,
            write: write
        ) { [self] examples, _ in queue.sync { predictor.predictions(examples) } }
    }
}

extension RecordRun {
    /// As `QueuedPredictor.predict`, with predictors that take turns.
    /// - Parameters:
    ///   - router: tells which predictor a record is for; nil: there is one.
    static func stream(
        _ source: RecordSource, to predictors: [any ExamplesPredictor], router: RecordRouter? = nil,
        textColumn: String?, form: any PredictionForm, _ settings: PredictionSettings, isCancelled: () -> Bool,
        write: (String) -> Bool, predict: @escaping PredictionStream.Predict
    ) throws -> PredictionStream.Summary {
        for predictor in predictors { try refuseBatchSizes(predictor.batchSize) }
        let inputs = try predictors.map { try $0.recordInput(columns: textColumn) }
        let bytes = try source.take()
        var stream = PredictionStream(
            reader: source.reader, form: form, inputs: inputs, router: router, settings: settings, predict: predict)
        return try stream.run(bytes, isCancelled: isCancelled, write: write)
    }

    /// - Parameter size: the number of texts that a bundle is for; nil: any number
    /// - Throws: `AdapterError.composition` for a number: records come in portions as they arrive
    private static func refuseBatchSizes(_ size: Int?) throws(AdapterError) {
        guard let size else { return }
        throw .composition(
            "batchsplit: found a stream of records, expected \(size) texts at once; use multitask or parallel, or predict from "
                + "Swift")
    }
}
