import Foundation
import Tasks
import Training

/// The predictor of a bundle's heads together.
final class HeadsWorker: QueuedPredictor, @unchecked Sendable {  // the queue runs one call at a time
    let queue = DispatchQueue(label: "amalgam.heads")
    let predictor: Training.HeadsPredictor

    init(_ predictor: Training.HeadsPredictor) { self.predictor = predictor }

    /// - Parameter words: whether the examples are words.
    func predictions(_ examples: [Example], words: Bool) async throws -> [Prediction] {
        try await predictions(examples) { [self] in try predictor.check($0, words: words) }
    }

    /// As `QueuedPredictor.predict`.
    func predict(
        _ source: RecordSource, textColumn: String?, _ settings: PredictionSettings, isCancelled: () -> Bool,
        write: (String) -> Bool
    ) throws -> PredictionStream.Summary {
        try predict(
            source, textColumn: textColumn, form: settings.form(of: predictor.heads), settings,
            isCancelled: isCancelled, write: write)
    }
}
