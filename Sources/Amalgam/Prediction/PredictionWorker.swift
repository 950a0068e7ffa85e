import Bundles
import Foundation
import Tasks
import Training

/// The predictor of the targets below, which one thread at a time may use.
final class PredictionWorker: @unchecked Sendable {  // the queue runs one call at a time
    private let queue = DispatchQueue(label: "amalgam.predictor")
    private let predictor: Training.Predictor
    /// What messages call the bundle.
    private let bundle: String
    /// The model's name.
    private let model: String
    /// Whether the user has chosen the head, so that another task than its own is no surprise.
    private let isHeadNamed: Bool
    let head: NamedHead

    /// Texts that are predicted together; between two such portions a call can be cancelled.
    static let portion = 4096

    init(_ predictor: Training.Predictor, bundle: String, model: String, isHeadNamed: Bool) {
        self.predictor = predictor
        self.bundle = bundle
        self.model = model
        self.isHeadNamed = isHeadNamed
        head = predictor.head
    }

    /// Another language adapter than in training.
    var languageWarnings: [Warning] { predictor.languageWarnings.map { .of(.language, $0) } }

    /// - Parameter form: what the caller expects: classes, tags or numbers
    func predictions(_ examples: [Example], of form: String) async throws -> [Prediction] {
        var all: [Prediction] = []
        all.reserveCapacity(examples.count)
        try translated { try predictor.check(count: examples.count) }
        // Texts whose order matters belong together
        let size = predictor.batchSize == nil ? Self.portion : max(1, examples.count)
        for start in stride(from: 0, to: max(1, examples.count), by: size) {
            let portion = Array(examples[start..<min(start + size, examples.count)])
            all += try await Background.run(on: queue) { [self] () -> [Prediction] in
                guard predictor.form == form else {
                    throw BundleError.head(
                        file: bundle, problem: "head \(head.name) predicts \(predictor.form), not \(form)",
                        fix: "call classes, tags or numbers")
                }
                try predictor.check(portion)
                return portion.isEmpty ? [] : predictor.predictions(portion).predictions
            }
        }
        return all
    }

    func evaluate(_ task: TextTask, split: Split, seed: UInt64) async throws -> Evaluation {
        try await Background.run(on: queue) { [self] () -> Evaluation in
            let otherTask = try head.check(for: task.headTask, file: bundle)
            // The head's labels decide what an index means
            let data = try task.load(
                splits: [split.stored], labels: KnownLabels(head.head.labels, source: .bundle(file: bundle)))
            try predictor.check(data[split.stored])
            try predictor.checkAnswers(of: data[split.stored])
            try predictor.check(count: data[split.stored].count)
            let headWarnings = isHeadNamed ? [] : [otherTask].compactMap { $0 }
            return Evaluation(
                SplitEvaluation(
                    predictor.predicted(data[split.stored]), metric: try Metrics.standard.metric(of: data.definition),
                    seed: seed),
                of: data, split: split, bundle: bundle, model: model,
                warnings: languageWarnings + headWarnings.map { .of(.head, $0) } + data.warnings.map { .of(.data, $0) })
        }
    }

    func attention(_ task: TextTask, split: Split) async throws -> MeanAttention {
        try await Background.run(on: queue) { [self] () -> MeanAttention in
            let data = try task.load(
                splits: [split.stored], labels: KnownLabels(head.head.labels, source: .bundle(file: bundle)))
            try predictor.check(data[split.stored])
            do { return try predictor.meanAttention(data[split.stored]) } catch BundleError.members(let problem) {
                throw BundleError.members("\(bundle): \(problem)")
            }
        }
    }

    /// Predicts a stream of records on the caller's thread, which may wait for them. Only the predictions of a portion occupy
    /// the queue, so that other calls go on meanwhile.
    /// - Parameters:
    ///   - textColumn: the field with the texts; nil: by the head.
    ///   - write: takes complete lines; returning false ends the run.
    /// - Throws: `TaskError`, `FileError`, `TrainingError.setting`, `CancellationError`
    func predict(
        _ source: RecordSource, textColumn: String?, _ settings: PredictionSettings, isCancelled: () -> Bool,
        write: (String) -> Bool
    ) throws -> PredictionStream.Summary {
        try RecordRun.refuseBatchSizes(predictor.batchSize)
        let bytes = try source.take()
        var stream = PredictionStream(
            reader: source.reader, form: try settings.form(of: head.head),
            inputs: [try predictor.recordInput(columns: textColumn)], settings: settings
        ) { [self] examples, _ in queue.sync { predictor.predictions(examples) } }
        return try stream.run(bytes, isCancelled: isCancelled, write: write)
    }
}

extension TextTask {
    /// The task as heads know it.
    var headTask: HeadTask { HeadTask(name: definition.name, kind: definition.kind) }
}
