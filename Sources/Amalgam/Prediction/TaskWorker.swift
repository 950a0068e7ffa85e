import Foundation
import Tasks
import Training

/// The predictors of a bundle's heads, which one thread at a time may use: each record goes to one of them.
final class TaskWorker: @unchecked Sendable {  // the queue runs one call at a time
    private let queue = DispatchQueue(label: "amalgam.tasks")
    private let predictors: [Training.Predictor]

    init(_ predictors: [Training.Predictor]) { self.predictors = predictors }

    var languageWarnings: [Warning] {
        predictors.first.map { $0.languageWarnings.map { .of(.language, $0) } } ?? []
    }

    /// As `QueuedPredictor.predict`.
    /// - Parameter field: of a record, with the name of its head
    func predict(
        _ source: RecordSource, field: String, textColumn: String?, _ settings: PredictionSettings,
        isCancelled: () -> Bool, write: (String) -> Bool
    ) throws -> PredictionStream.Summary {
        let heads = predictors.map(\.head)
        return try RecordRun.stream(
            source, to: predictors, router: RecordRouter(field: field, heads: heads.map(\.name)),
            textColumn: textColumn, form: try settings.form(routing: heads), settings, isCancelled: isCancelled,
            write: write
        ) { [self] examples, routes in queue.sync { predictions(examples, routes) } }
    }

    private func predictions(_ examples: [Example], _ routes: [Int]) -> (predictions: [Prediction], truncated: Int) {
        var predictions = [Prediction](repeating: .each([]), count: examples.count)
        var truncated = 0
        for (i, predictor) in predictors.enumerated() {
            let places = routes.indices.filter { routes[$0] == i }
            guard !places.isEmpty else { continue }
            let found = predictor.predictions(places.map { examples[$0] })
            for (place, prediction) in zip(places, found.predictions) { predictions[place] = .routed(i, prediction) }
            truncated += found.truncated
        }
        return (predictions, truncated)
    }
}
