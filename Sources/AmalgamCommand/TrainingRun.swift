import Amalgam
import Foundation
import Reporting

/// What all training commands do around the training itself.
struct TrainingRun {
    let common: CommonOptions
    let out: String
    /// Says nothing on stdout: what is trained on the way to something else.
    var isQuiet = false

    /// What people read of a result.
    struct Summary {
        /// Scores, before what all trainings say.
        var scores: [String]
        /// Remarks, after it.
        var remarks: [String] = []
    }

    /// Where the bundle is written.
    var output: URL { URL(fileURLWithPath: out) }

    /// Shows a training's progress and result; the library writes the bundle and its run log.
    /// - Parameters:
    ///   - label: of the progress.
    ///   - job: starts it.
    func run(label: String, _ job: () -> TrainingJob, summary: (TrainingResult) -> Summary) async throws {
        StopSignals.install()
        let progress = common.progress
        let job = job()
        let result = try await JobReader.result(job.events) {
            job.cancel()
        } stopped: {
            guard case .stopped(let step, let all, let checkpoint) = $0 else { return nil }
            return StoppedRun(step: step, of: all, checkpoint: checkpoint)
        } show: {
            $0.show(on: progress, label: label)
        } _: {
            try await job.result
        }
        if !isQuiet { report(result, summary(result)) }
    }

    /// Trains on tasks.
    func run(
        _ recipe: TrainingRecipe, on tasks: [TextTask], model: Model, language: AdapterBundle? = nil,
        options: TrainingOptions
    ) async throws {
        let label = "\(recipe.kind.rawValue) \(tasks.map(\.name).joined(separator: ", "))"
        try await run(label: label) {
            model.train(recipe, on: tasks, language: language, options: options)
        } summary: { result in
            Summary(scores: tasks.compactMap { Self.scores($0.name, result) }, remarks: remarks(result, options))
        }
    }

    private static func scores(_ task: String, _ result: TrainingResult) -> String? {
        result.dev[task].map { dev in
            let scores = dev.headline.map { "\($0.metricWords) \(Human.metric(dev.metrics[$0] ?? .nan))" }
            let unknown =
                dev.unknownLabels > 0
                ? ", \(Human.count(dev.unknownLabels)) of them with an unknown label, which counts as wrong" : ""
            return "\(task): dev \(scores.joined(separator: ", ")) on \(Human.count(dev.examples, "text"))\(unknown)"
        }
    }

    private func remarks(_ result: TrainingResult, _ options: TrainingOptions) -> [String] {
        let count = result.truncatedTexts
        guard count > 0 else { return [] }
        let which = result.maxLength < options.maxLength ? "the model's maximum" : "--max-length"
        return [
            Human.count(count, "training text is", "training texts are") + " longer than "
                + "\(Human.count(result.maxLength, "token")) (\(which)) and \(count == 1 ? "was" : "were") truncated"
        ]
    }

    /// What only the log has: it differs between runs that give the same bundle, or is long.
    private static let apart: Set<String> = [
        "command", "started", "seconds", "threads", "kernels", "losses", "run", "bundle_sha256",
        "memory_estimate_bytes", "truncated", "max_length",
    ]

    private func report(_ result: TrainingResult, _ summary: Summary) {
        guard !common.json else {
            var fields = result.facts.filter { !Self.apart.contains($0.key) }
            fields["bundle"] = .string(out)
            return Console.print(json: fields)
        }
        guard !result.isEarlier else { return Console.print("already finished: \(out)") }
        summary.scores.forEach { Console.print($0) }
        let rate = result.facts["tokens_per_second"]?.number ?? 0
        Console.print(
            "\(Human.count(result.trainableParameters, "parameter")) trained in \(Human.count(result.steps, "step")), "
                + "\(Human.count(result.tokens, "token")) at \(Human.count(Int(rate))) tokens/s; peak memory "
                + "\(Human.bytes(Int(result.facts["peak_memory_bytes"]?.number ?? 0)))")
        if result.skippedSteps > 0 {
            Console.print(
                Human.count(result.skippedSteps, "step was", "steps were")
                    + " skipped because \(result.skippedSteps == 1 ? "its" : "their") loss or gradient was NaN or infinite"
            )
        }
        summary.remarks.forEach { Console.print($0) }
        Console.print("written: \(out)")
    }
}

extension TrainingEvent {
    /// Shows the news of a run as progress.
    func show(on progress: ProgressReporter, label: String) {
        switch self {
        case .started(let steps, _): progress.stage(label, total: steps)
        case .resumed(let step, let steps):
            progress.message("resuming after step \(Human.count(step)) of \(Human.count(steps))")
        case .skipped(let step, let reason): progress.message("step \(step): \(reason); skipped")
        case .warning(let warning): Console.warn([warning])
        case .step(let done, _, let loss, let tokens): progress.update(done: done, loss: loss, tokens: tokens)
        case .epoch(let epoch, let dev, let best, let weights):
            let scores = dev.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.short)" }
            let balance = weights.sorted { $0.key < $1.key }.map { "\($0.key) \(Human.loss($0.value))" }
            progress.message(
                "epoch \(epoch): dev \(scores.joined(separator: ", "))"
                    + (balance.isEmpty ? "" : "; weights \(balance.joined(separator: ", "))")
                    + (best ? " (best so far)" : ""))
        case .stopped: break
        case .finished(let result): if !result.isEarlier { progress.finish() }
        }
    }
}

extension DevScores {
    /// Of a task its metric; of a language, which has none, the perplexity.
    fileprivate var short: String {
        metric.isEmpty
            ? "perplexity \(Human.loss(exp(loss)))" : "\(metric.metricWords) \(Human.metric(score))"
    }
}
