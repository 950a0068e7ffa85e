import Bundles
import Foundation
import Tasks
import Training

/// The heads' predictor of the targets below, which one thread at a time may use.
final class HeadsWorker: @unchecked Sendable {  // the queue runs one call at a time
    private let queue = DispatchQueue(label: "amalgam.heads")
    private let predictor: Training.HeadsPredictor

    init(_ predictor: Training.HeadsPredictor) { self.predictor = predictor }

    /// - Parameter words: whether the examples are words.
    func predictions(_ examples: [Example], words: Bool) async throws -> [Prediction] {
        var all: [Prediction] = []
        all.reserveCapacity(examples.count)
        try translated { try predictor.check(count: examples.count) }
        let size = predictor.batchSize == nil ? PredictionWorker.portion : max(1, examples.count)
        for start in stride(from: 0, to: examples.count, by: size) {
            let portion = Array(examples[start..<min(start + size, examples.count)])
            all += try await Background.run(on: queue) { [self] () -> [Prediction] in
                try predictor.check(portion, words: words)
                return predictor.predictions(portion).predictions
            }
        }
        return all
    }

    /// As `PredictionWorker.predict`.
    func predict(
        _ source: RecordSource, textColumn: String?, _ settings: PredictionSettings, isCancelled: () -> Bool,
        write: (String) -> Bool
    ) throws -> PredictionStream.Summary {
        try RecordRun.refuseBatchSizes(predictor.batchSize)
        let bytes = try source.take()
        var stream = PredictionStream(
            reader: source.reader, form: try settings.form(of: predictor.heads),
            inputs: [
                try .named(
                    kind: predictor.kind ?? (predictor.readsWords ? Tagging.name : nil),
                    pairs: predictor.heads[0].readsPairs, columns: textColumn)
            ], settings: settings
        ) { [self] examples, _ in queue.sync { predictor.predictions(examples) } }
        return try stream.run(bytes, isCancelled: isCancelled, write: write)
    }
}
