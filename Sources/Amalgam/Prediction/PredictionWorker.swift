import Bundles
import Foundation
import Tasks
import Training

/// The predictor of one head.
final class PredictionWorker: QueuedPredictor, @unchecked Sendable {  // the queue runs one call at a time
    let queue = DispatchQueue(label: "amalgam.predictor")
    let predictor: Training.Predictor
    /// What messages call the bundle.
    private let bundle: String
    /// The model's name.
    private let model: String
    /// Whether the user has chosen the head, so that another task than its own is no surprise.
    private let isHeadNamed: Bool
    let head: NamedHead

    init(_ predictor: Training.Predictor, bundle: String, model: String, isHeadNamed: Bool) {
        self.predictor = predictor
        self.bundle = bundle
        self.model = model
        self.isHeadNamed = isHeadNamed
        head = predictor.head
    }

    /// Another language adapter than in training.
    var languageWarnings: [Warning] { predictor.languageWarnings.map { .of(.language, $0) } }

    /// - Parameter form: what the caller expects: classes, tags, …
    func predictions(_ examples: [Example], of form: String) async throws -> [Prediction] {
        try await predictions(examples) { [self] portion in
            try checkForm(form)
            try predictor.check(portion)
        }
    }

    /// Refuses a head that does not predict what the caller expects.
    func checkForm(_ form: String) throws {
        guard predictor.form != form else { return }
        throw BundleError.head(
            file: bundle, problem: "head \(head.name) predicts \(predictor.form), not \(form)",
            fix:
                "call classes, tags, trees, numbers, labelSets, choices, answers, entities, clusters or maskedTokens, as the head "
                + "predicts"
        )
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

    func robustness(
        _ evaluation: Evaluation, _ perturbations: [any Perturbation.Type], seed: UInt64
    ) async throws -> Robustness {
        try await Background.run(on: queue) { [self] () -> Robustness in
            guard let kind = TaskKinds.standard[evaluation.definition.kind] else {
                return Robustness([], metric: evaluation.metric)
            }
            let task = PerturbedTask(kind: kind, labels: head.head.labels, seed: seed)
            let outcomes = predictor.perturbed(
                evaluation.stored.predicted, by: perturbations, of: task,
                metric: try Metrics.standard.metric(of: evaluation.definition), seed: seed)
            return Robustness(outcomes, metric: evaluation.metric)
        }
    }

    func difficulty(_ task: TextTask, split: Split, seed: UInt64) async throws -> DataDifficulty {
        try await Background.run(on: queue) { [self] () -> DataDifficulty in
            let otherTask = try head.check(for: task.headTask, file: bundle)
            let known = KnownLabels(head.head.labels, source: .bundle(file: bundle))
            let data = try task.load(splits: [split.stored], labels: known)
            let hasTraining = task.splits.contains(.train) && split != .train
            let training = hasTraining ? try task.load(splits: [.train], labels: known).train : []
            try predictor.check(data[split.stored])
            let difficulty = try predictor.difficulty(
                of: data[split.stored], training: training, isTrained: split == .train, task: task.name,
                split: split.rawValue, metric: try Metrics.standard.metric(of: data.definition), seed: seed)
            let headWarnings = isHeadNamed ? [] : [otherTask].compactMap { $0 }
            return DataDifficulty(
                difficulty, labels: head.head.labels, task: task.name, split: split, bundle: bundle,
                metric: data.definition.metric,
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

    /// As `QueuedPredictor.predict`.
    func predict(
        _ source: RecordSource, textColumn: String?, _ settings: PredictionSettings, isCancelled: () -> Bool,
        write: (String) -> Bool
    ) throws -> PredictionStream.Summary {
        try predict(
            source, textColumn: textColumn, form: settings.form(of: head.head), settings, isCancelled: isCancelled,
            write: write)
    }
}

extension TextTask {
    /// The task as heads know it.
    var headTask: HeadTask { HeadTask(name: definition.name, kind: definition.kind) }
}
